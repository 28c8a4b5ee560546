package ops

import (
	"context"
	"errors"
	"testing"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// A list that has changed since it was checked may hold a URL that no name can
// be made of: that is the input's fault, and no answer's.
func TestClaimOfABadURL(t *testing.T) {
	f := folder{path: "d", open: func(context.Context, string) (Folder, error) { return nil, nil }}
	_, err := f.claim(t.Context(), &task.Task{URLs: []string{"ftp://h/x"}})
	if got := httpx.AsTaskError(err, 0); got == nil || got.Type != task.ErrInput {
		t.Errorf("%v, want an error of type input", got)
	}
}

// A folder that could not be opened is not closed either, whatever came beside
// the error: a nil *files.Dir is not a nil Folder.
func TestFolderNotOpened(t *testing.T) {
	failed := errors.New("no such thing")
	f := &folder{open: func(context.Context, string) (Folder, error) {
		var dir *files.Dir
		return dir, failed
	}}
	if _, err := f.name(t.Context(), &task.Task{URLs: []string{"http://h/"}}); !errors.Is(err, failed) {
		t.Errorf("name: %v", err)
	}
	if err := f.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
