package httpx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
)

// bodyFile is a request body that is a file: opened anew for each attempt, and
// sent with the length that it had when the request was made, since many
// servers refuse a body without one. All that can go wrong with it is an
// *InputError: the file is at fault, not the origin, and no retry mends it.
type bodyFile struct {
	name string
	size int64 // bytes
}

// newBodyFile looks at the file. What is none (a folder, a pipe) could not be
// sent a second time.
func newBodyFile(name string) (bodyFile, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return bodyFile{}, bodyError(name, err)
	case info.IsDir():
		return bodyFile{}, bodyError(name, errors.New("is a folder"))
	case !info.Mode().IsRegular():
		return bodyFile{}, bodyError(name, errors.New("is not a regular file, so it could not be sent again"))
	}
	return bodyFile{name, info.Size()}, nil
}

// open begins an attempt's reading, which its transport ends by Close.
func (b bodyFile) open() (io.Reader, error) {
	if b.size == 0 {
		return http.NoBody, nil // with its length: an empty one of unknown length would go chunked
	}
	f, err := os.Open(b.name)
	if err != nil {
		return nil, bodyError(b.name, err)
	}
	return &bodyReader{file: f, name: b.name, left: b.size}, nil
}

// bodyReader reads as many bytes as were announced. What a file has grown by
// meanwhile is left out.
type bodyReader struct {
	file *os.File
	name string
	left int64
}

func (r *bodyReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	switch {
	case err == io.EOF:
		err = bodyError(r.name, errors.New("became shorter while it was sent"))
	case err != nil && !errors.Is(err, os.ErrClosed): // the attempt is over
		err = bodyError(r.name, err)
	}
	return n, err
}

func (r *bodyReader) Close() error { return r.file.Close() }

// bodyError names the file once.
func bodyError(name string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return &InputError{fmt.Errorf("body_file %s: %w", name, err)}
}
