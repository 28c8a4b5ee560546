package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// Looking at a folder leaves it as it is, or not there.
func TestLookDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outputs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("123"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{true, false} {
		path := dir
		if !there {
			path += "-not-made"
		}
		d, err := LookDir(path)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := d.Claim("./a"); err != nil || p.Name() != "a" {
			t.Errorf("claim: %q, %v", p.Name(), err)
		}
		if _, err := d.Claim("a/b"); typeOf(err) != task.ErrOutputCollision {
			t.Errorf("a claim below a file: %v", err)
		}
		if _, err := d.Claim("../a"); typeOf(err) != task.ErrInput {
			t.Errorf("a claim outside: %v", err)
		}
		if size, err := d.Size("a"); there && (size != 3 || err != nil) || !there && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("size %d, %v", size, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(path); there && len(entries) != 1 || !there && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s holds %v, %v", path, entries, err)
		}
	}
	if _, err := LookDir(filepath.Join(dir, "a")); typeOf(err) != task.ErrOutput {
		t.Errorf("a file is a folder: %v", err)
	}
}

func typeOf(err error) task.ErrorType {
	if typed, ok := errors.AsType[interface {
		error
		ErrorType() string
	}](err); ok {
		return task.ErrorType(typed.ErrorType())
	}
	return ""
}
