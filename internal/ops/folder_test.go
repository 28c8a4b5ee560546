package ops

import (
	"context"
	"testing"

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
