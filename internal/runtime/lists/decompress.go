package lists

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The first bytes of each format: RFC 1952 §2.3.1, RFC 8878 §3.1.1. Neither is
// UTF-8, so no list of lines begins with them.
const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

// maxWindow is the most memory, in bytes, that a zstd frame may ask for, and
// it is allocated when a frame asks: what RFC 8878 §3.1.1.1.2 wants every
// decoder to grant and every encoder to keep to. "zstd --ultra" and
// "--long" go beyond it.
const maxWindow = 8 << 20

var errWindow = fmt.Errorf("zstd window over %d MiB; decompress the list first (zstd -d)", maxWindow>>20)

// decompress returns what r holds, decompressed if its first bytes or the end
// of its name say gzip or zstd. The bytes decide where they can, since standard
// input and pipes have no telling name; a file that is named .gz or .zst and is
// not what its name says, or is empty, is broken, which an empty list would
// hide. Closing the result frees memory and leaves r open.
func decompress(r io.Reader, name string) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, bufferSize)
	// This waits for four bytes of a pipe: less than any task.
	start, err := in.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	rest := io.Reader(in)
	if err == io.EOF {
		rest = bytes.NewReader(start) // a terminal that is read again would wait for more
	}
	magic := func(m string) bool { return strings.HasPrefix(string(start), m) }
	named := func(suffix string) bool { return strings.HasSuffix(strings.ToLower(name), suffix) }
	switch {
	case len(start) == 0 && (named(".gz") || named(".zst")):
		return nil, io.ErrUnexpectedEOF
	case magic(gzipMagic), named(".gz") && !magic(zstdMagic):
		return gunzip(rest)
	case magic(zstdMagic), named(".zst"):
		return unzstd(rest)
	}
	return io.NopCloser(rest), nil
}

func gunzip(in io.Reader) (io.ReadCloser, error) {
	r, err := gzip.NewReader(in)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	return r, err
}

func unzstd(in io.Reader) (io.ReadCloser, error) {
	// Concurrency 1 decodes on the caller's goroutine and starts none.
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return window{d.IOReadCloser()}, nil
}

// window says what to do about a window that is too large.
type window struct{ io.ReadCloser }

func (w window) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = errWindow
	}
	return n, err
}
