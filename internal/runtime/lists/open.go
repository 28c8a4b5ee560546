package lists

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"syscall"
)

// Lists opens lists by name. It may be used by several goroutines as far as
// Stdin may.
type Lists struct {
	Stdin io.Reader // what the name "-" means; never closed
}

// Regular reports whether name is a regular file: one that can be read twice,
// first to check it and then to run it. It says false of a file that cannot be
// looked at, so that Open gets to say why.
func (l Lists) Regular(name string) bool {
	if name == "-" {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// Open yields the lines of the named list as Lines does, decompressed if it is
// gzip or zstd. A list that cannot be opened is an error as the only item; it
// names the list, and fs.ErrNotExist and its like are found in it with
// errors.Is. The list is open only while the sequence runs, and closed on every
// path out of it; each run of the sequence reads from the beginning, except for
// "-", of which a second run reads what the first left.
func (l Lists) Open(name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		file, err := l.file(name)
		if err != nil {
			yield(Line{}, fmt.Errorf("open %s: %w", name, cause(err)))
			return
		}
		defer file.Close() // nothing was written
		text, err := decompress(file, name)
		if err != nil {
			yield(Line{}, fmt.Errorf("read %s: %w", name, cause(err)))
			return
		}
		defer text.Close()
		Lines(text, name)(yield)
	}
}

func (l Lists) file(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(l.Stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	// A directory can be opened; that it cannot be read shows late on some systems.
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, syscall.EISDIR
	}
	return f, nil
}

// cause is err without the operation and the path that os adds: the caller
// names the list.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
