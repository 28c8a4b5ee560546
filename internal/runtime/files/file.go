package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/specify-cli/specify/internal/task"
)

// File is an output that appears at its place whole, or not at all: it is
// written to a temporary file beside it, which Commit renames and Abort
// removes.
type File struct {
	path   string // as the user named it
	target string // where path leads
	temp   *os.File
	sum    hash.Hash
	n      int64
}

// File begins the output for path. An existing file there stays as it is until
// Commit; a symbolic link is followed, and what is no regular file (/dev/null,
// a FIFO) is written to as it is.
func (Outputs) File(path string) (Output, error) {
	target := path
	if info, err := os.Stat(path); err == nil {
		switch {
		case info.IsDir():
			return nil, fmt.Errorf("output %s: is a directory", path)
		case !info.Mode().IsRegular():
			return device(path)
		}
		if target, err = filepath.EvalSymlinks(path); err != nil {
			return nil, place(path, err)
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.part")
	if err != nil {
		return nil, place(path, err)
	}
	if err := temp.Chmod(0o666 &^ umask()); err != nil {
		_ = errors.Join(temp.Close(), os.Remove(temp.Name()))
		return nil, place(path, err)
	}
	return &File{path: path, target: target, temp: temp, sum: sha256.New()}, nil
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.temp.Write(p)
	f.n += int64(n)
	f.sum.Write(p[:n])
	if err != nil {
		err = place(f.path, err)
	}
	return n, err
}

// Rewind drops what was written after offset.
func (f *File) Rewind(offset int64) error {
	if offset == f.n {
		return nil
	}
	if err := f.temp.Truncate(offset); err != nil {
		return place(f.path, err)
	}
	if _, err := f.temp.Seek(0, io.SeekStart); err != nil {
		return place(f.path, err)
	}
	f.sum.Reset()
	n, err := io.CopyN(f.sum, f.temp, offset) // leaves the file at offset
	f.n = n
	if err != nil {
		return place(f.path, err)
	}
	return nil
}

// Commit closes the temporary file and renames it to its place.
func (f *File) Commit() (*task.Output, error) {
	err := f.temp.Close()
	if err == nil {
		err = os.Rename(f.temp.Name(), f.target)
	}
	if err != nil {
		return nil, place(f.path, errors.Join(err, os.Remove(f.temp.Name())))
	}
	return &task.Output{Path: f.path, Bytes: f.n, SHA256: hex.EncodeToString(f.sum.Sum(nil))}, nil
}

// Abort removes the temporary file.
func (f *File) Abort() {
	// The task has failed with an error of its own, which is the one that tells.
	_ = errors.Join(f.temp.Close(), os.Remove(f.temp.Name()))
}

// place names the output instead of the temporary file that an error arose at.
func place(path string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	} else if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	return fmt.Errorf("output %s: %w", path, err)
}
