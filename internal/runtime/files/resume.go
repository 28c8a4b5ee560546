package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/specify-cli/specify/internal/flock"
)

// keptSuffix ends the name of a transfer that Resume can go on with, beside
// the place of the whole file.
const keptSuffix = ".specify.part"

// Kept is what Resume has found of an earlier transfer; the zero value is
// nothing.
type Kept struct {
	Bytes   int64
	Written time.Time // when last
}

var errBusy = errors.New("another run is writing to it")

// resume makes f go on where an earlier transfer ended: with the bytes that an
// earlier Resume has kept, or, when there are more of them, with the file at
// the final name. Such a file is only read, until the first write copies it;
// an answer that it is whole, or that it must be fetched anew, costs no copy.
func (f *File) resume() error {
	f.keep = true
	kept, there, err := f.openKept()
	if err != nil {
		return err
	}
	if info, err := f.in.Lstat(f.name); err == nil && info.Mode().IsRegular() && info.Size() > there.Bytes {
		old, err := f.in.OpenFile(f.name, os.O_RDONLY, 0)
		if err != nil {
			return withClose(err, kept)
		}
		if kept != nil { // opened again, and made empty, at the first write
			if err := kept.Close(); err != nil {
				return withClose(err, old)
			}
		}
		f.old, f.size, f.n = old, info.Size(), info.Size()
		f.kept = Kept{info.Size(), info.ModTime()}
		return nil
	}
	if kept != nil {
		f.file, f.n, f.kept = kept, there.Bytes, there
		return nil
	}
	return f.start()
}

// openKept opens what an earlier run has kept; nil when there is nothing.
func (f *File) openKept() (*os.File, Kept, error) {
	info, err := f.in.Lstat(f.temp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Kept{}, nil
	}
	if err != nil {
		return nil, Kept{}, err
	}
	if !info.Mode().IsRegular() { // a link would let others choose what we append to
		return nil, Kept{}, fmt.Errorf("%s is not a regular file", f.temp)
	}
	kept, err := f.in.OpenFile(f.temp, os.O_RDWR, 0)
	if err != nil {
		return nil, Kept{}, err
	}
	if err := f.own(kept); err != nil {
		return nil, Kept{}, withClose(err, kept)
	}
	info, err = kept.Stat()
	if err != nil {
		return nil, Kept{}, withClose(err, kept)
	}
	return kept, Kept{info.Size(), info.ModTime()}, nil
}

// own locks kept and sees that it still is what its name says: the run that
// had it may have finished between our open and our lock.
func (f *File) own(kept *os.File) error {
	if err := flock.Lock(kept); errors.Is(err, flock.ErrLocked) {
		return errBusy // any other error: a file system without locks
	}
	named, err := f.in.Lstat(f.temp)
	if err != nil {
		return err
	}
	if opened, err := kept.Stat(); err != nil || !os.SameFile(named, opened) {
		return errors.Join(errBusy, err)
	}
	return nil
}

// start makes an empty temporary file that no other run will take.
func (f *File) start() error {
	kept, _, err := f.openKept()
	if err != nil {
		return err
	}
	if kept != nil {
		err = kept.Truncate(0)
	} else if kept, err = f.in.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, f.perm); err == nil {
		err = f.own(kept)
	}
	if err != nil {
		return withClose(err, kept)
	}
	f.file = kept
	return nil
}

// adopt makes the temporary file begin with what the old file has up to n.
func (f *File) adopt() error {
	old := f.old
	f.old = nil
	err := f.start()
	if err == nil && f.n > 0 {
		// Between two files the system copies, or shares the blocks.
		var n int64
		n, err = f.file.ReadFrom(io.LimitReader(old, f.n))
		if err == nil && n < f.n {
			err = fmt.Errorf("%w: the file has become shorter", io.ErrUnexpectedEOF)
		}
	}
	if err = withClose(err, old); err == nil {
		return nil
	}
	f.done = true
	if f.file != nil {
		err = withCleanup(err, f.temp, errors.Join(f.file.Close(), f.in.Remove(f.temp)))
		f.file = nil
	}
	return err
}

// withClose closes c, which may be nil, and returns the first error of the two.
func withClose(err error, c *os.File) error {
	if c == nil {
		return err
	}
	if closeErr := c.Close(); err == nil {
		err = closeErr
	}
	return err
}
