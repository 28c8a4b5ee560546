package httpx

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// What can go wrong with a body's file is the task's own fault.
func TestBodyFileErrors(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "body")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		do   func() error
		want string
	}{
		{"missing", func() error { _, err := newBodyFile(filepath.Join(dir, "none")); return err }, "none: no such file or directory"},
		{"a folder", func() error { _, err := newBodyFile(dir); return err }, "is a folder"},
		{"no regular file", func() error { _, err := newBodyFile(os.DevNull); return err }, "is not a regular file"},
		{"gone before a retry", func() error {
			_, err := bodyFile{filepath.Join(dir, "gone"), 10}.open()
			return err
		}, "gone: no such file or directory"},
		{"shorter than announced", func() error {
			r, err := bodyFile{name, 11}.open()
			if err != nil {
				return err
			}
			defer r.(io.Closer).Close()
			_, err = io.ReadAll(r)
			return err
		}, "became shorter"},
	} {
		err := c.do()
		if _, ok := errors.AsType[*InputError](err); !ok || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "body_file") != 1 {
			t.Errorf("%s: %v, want an input error with %q", c.name, err, c.want)
		}
		if Classify(err) != task.ErrInput {
			t.Errorf("%s: type %s", c.name, Classify(err))
		}
	}
}

// As much is sent as was announced, from the beginning at each attempt.
func TestBodyFileReads(t *testing.T) {
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := newBodyFile(name)
	if err != nil || b.size != 10 {
		t.Fatalf("%+v, %v", b, err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("grown"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := b.open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != "0123456789" {
			t.Errorf("%q, %v", got, err)
		}
		if err := r.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	}
}
