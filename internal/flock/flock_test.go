package flock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	var files [2]*os.File
	for i := range files {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		files[i] = f
	}
	if err := Lock(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := Lock(files[1]); !errors.Is(err, ErrLocked) {
		t.Fatalf("the second: %v, want ErrLocked", err)
	}
	if err := Unlock(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := Lock(files[1]); err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	if err := files[1].Close(); err != nil {
		t.Fatal(err)
	}
	if err := Lock(files[0]); err != nil {
		t.Fatalf("after Close: %v", err)
	}
}
