package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/files"
)

// spool is a folder for bodies on their way to the queue. It goes when it is
// closed.
type spool struct {
	*files.Dir
	path string
}

const spoolPrefix = "specify-worker-"

// openSpool makes one where temporary files are kept, and removes those of
// workers that were killed.
func openSpool(ctx context.Context, _ string) (ops.Folder, error) {
	sweepSpools(ctx)
	path, err := os.MkdirTemp("", spoolPrefix)
	if err != nil {
		return nil, &files.OutputError{Path: os.TempDir(), Err: err}
	}
	dir, err := files.OpenDir(path, files.Options{SHA256: true, Shared: true})
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return spool{dir, path}, nil
}

func (s spool) Close() error { return errors.Join(s.Dir.Close(), os.RemoveAll(s.path)) }

// sweepSpools removes what it may: others' folders cannot be read, and those of
// workers that live are not empty. One that was made a moment ago may be empty.
func sweepSpools(ctx context.Context) {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), spoolPrefix+"*")) // the pattern is well formed, or nothing is found
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		dir, err := files.LookDir(path)
		if err != nil {
			continue
		}
		_, err = dir.Sweep(ctx)
		if errors.Join(err, dir.Close()) == nil {
			_ = os.Remove(path) // fails unless it is empty
		}
	}
}
