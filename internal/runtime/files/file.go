package files

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/task"
)

// File is an output that appears at its place whole, or not at all: it is
// written to a temporary file beside it, which Commit renames and Abort
// removes. What stood there before stays as it is until then.
type File struct {
	digest
	path string // as named by the user, or below the Dir
	in   folder
	name string // the final name in the folder
	temp string // the name of file in the folder
	file handle
	perm fs.FileMode
	sync bool
	fail func(error) error         // gives errors their type
	done bool                      // Commit or Abort has been called
	hand func(io.ReadSeeker) error // gets the body in place of a name; nil for most

	keep bool     // Abort leaves temp for the next Resume
	kept Kept     // what Resume has found
	old  *os.File // what stood at name, while file is nil: see resume.go
	size int64    // of old
}

var _ Output = (*File)(nil)

func (f *File) options(o Options) {
	f.sync = o.Sync
	if o.SHA256 {
		f.ask(SHA256)
	}
}

// create makes the temporary file. The kernel takes the umask off perm.
func (f *File) create() error {
	file, err := f.in.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, f.perm)
	if err == nil {
		f.file = file
	}
	return err
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	if err := f.ready(); err != nil {
		return 0, err
	}
	n, err := f.file.WriteAt(p, f.n)
	f.take(p[:n])
	if err != nil {
		return n, f.fail(err)
	}
	return n, nil
}

var _ splice.Sink = (*File)(nil)

// Drain appends what p holds. Where it is to be hashed it is read back at once,
// while the processor's cache has it: 1 GiB takes an eighth less so than by Write.
func (f *File) Drain(p *splice.Pipe) error {
	if err := f.ready(); err != nil {
		return err
	}
	n, err := p.Drain(f.file, f.n)
	f.n += n
	if err != nil {
		return f.fail(err)
	}
	return f.catchUp()
}

// ready makes the file one that the next byte can be appended to.
func (f *File) ready() error {
	if f.done {
		return f.fail(fs.ErrClosed)
	}
	if f.file == nil {
		if err := f.adopt(); err != nil {
			return f.fail(err)
		}
	}
	return f.catchUp()
}

// catchUp lets the hashes see what they have not: what came by Drain, and what
// Rewind or Resume kept. For the latter it is done late, because a Rewind to the
// start often follows.
func (f *File) catchUp() error {
	if !f.hashing() || f.hashed == f.n {
		return nil
	}
	from := io.ReaderAt(f.file)
	if f.file == nil {
		from = f.old
	}
	buf := readBack.Get().(*[readBackSize]byte)
	defer readBack.Put(buf)
	_, err := io.CopyBuffer(hasher{&f.digest}, io.NewSectionReader(from, f.hashed, f.n-f.hashed), buf[:])
	if err == nil && f.hashed < f.n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return f.fail(fmt.Errorf("read again what was written: %w", err))
	}
	return nil
}

// readBack are buffers of catchUp.
var readBack = sync.Pool{New: func() any { return new([readBackSize]byte) }}

const readBackSize = 64 << 10

// hasher hashes without counting.
type hasher struct{ *digest }

func (h hasher) Write(p []byte) (int, error) {
	h.hash(p)
	return len(p), nil
}

// Rewind drops what was written after offset.
func (f *File) Rewind(offset int64) error {
	switch {
	case f.done:
		return f.fail(fs.ErrClosed)
	case offset < 0 || offset > f.n:
		return f.fail(fmt.Errorf("rewind to %d of %d bytes", offset, f.n))
	case offset == f.n:
		return nil
	}
	if f.file != nil {
		if err := f.file.Truncate(offset); err != nil {
			return f.fail(err)
		}
	}
	f.reset(offset)
	return nil
}

// Commit verifies, closes and renames the temporary file. When one of these
// fails no temporary file is left.
func (f *File) Commit() (*task.Output, error) {
	if f.done {
		return nil, f.fail(fs.ErrClosed)
	}
	whole := f.file == nil && f.n == f.size // what stood there is all there is
	var err error
	if !whole && f.file == nil {
		err = f.adopt()
	}
	if err == nil {
		err = f.catchUp()
	}
	if err == nil {
		err = f.verify(f.path)
	}
	f.done = true
	if whole {
		err = withClose(err, f.old)
	} else {
		err = f.place(err)
	}
	if err != nil {
		return nil, f.fail(err)
	}
	return &task.Output{Path: f.path, Bytes: f.n, SHA256: f.sum(SHA256)}, nil
}

// place gives the temporary file its name, unless err says not to.
func (f *File) place(err error) error {
	if f.file == nil {
		return err // adopt has failed, and cleaned up
	}
	if f.hand != nil {
		return f.handOver(err)
	}
	if err == nil && f.sync {
		err = f.file.Sync()
	}
	if closeErr := f.file.Close(); err == nil {
		err = closeErr // of two, the first tells what went wrong
	}
	if err == nil {
		err = f.rename()
	}
	if err != nil {
		err = withCleanup(err, f.temp, f.in.Remove(f.temp))
	}
	return err
}

func (f *File) rename() error {
	var lack patience
	for {
		if err := f.in.Rename(f.temp, f.name); !lack.again(err) {
			return err
		}
	}
}

// Abort removes the temporary file. After Resume it leaves what there is of
// it, for the next one.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	// The task has failed with an error of its own, which is the one that tells.
	if f.old != nil {
		_ = f.old.Close()
	}
	if f.file != nil {
		_ = f.file.Close()
		if !f.keep || f.n == 0 {
			_ = f.in.Remove(f.temp)
		}
	}
}
