package asynccore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
)

// ReadFile returns the content of the named file. A file of more than limit
// bytes is a *TooLongError. Once ctx is done ReadFile stops with the cause; only
// opening a FIFO cannot be stopped. Every error is an *fs.PathError around it.
func ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err // names the operation and the file
	}
	defer f.Close()
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil {
		content.Grow(int(max(0, min(info.Size(), limit, 1<<20))) + bytes.MinRead)
	}
	if _, err := Copy(ctx, &content, &limitedFile{File: f, limit: limit}); err != nil {
		return nil, onFile("read", name, name, err)
	}
	return content.Bytes(), nil
}

// limitedFile fails with a *TooLongError where it would pass on more than
// limit bytes.
type limitedFile struct {
	*os.File
	limit, read int64
}

func (f *limitedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if f.read += int64(n); f.read > f.limit {
		return 0, &TooLongError{What: "content", Max: f.limit}
	}
	return n, err
}

// onFile makes an *fs.PathError about name of err, which may be one about the
// file opened in name's stead.
func onFile(op, name, opened string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok && pe.Path == opened {
		err = pe.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
