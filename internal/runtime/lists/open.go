package lists

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
)

// Lists opens lists by name. Stdin is what "-" names.
type Lists struct{ Stdin io.Reader }

// Regular reports whether name is a regular file: one that can be read twice,
// first to check it and then to run it.
func (l Lists) Regular(name string) bool {
	if name == "-" {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// Open yields the lines of the named list. The list is closed when the sequence
// ends, on every path.
func (l Lists) Open(name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		r, err := l.reader(name)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer r.Close()
		Lines(r, name)(yield)
	}
}

func (l Lists) reader(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(l.Stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, fmt.Errorf("list %s: %w", name, pe.Err)
		}
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close() // nothing was written
		return nil, fmt.Errorf("list %s: is a directory", name)
	}
	return f, nil
}
