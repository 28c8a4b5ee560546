package asynccore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// copyBuffers holds the buffers of Copy. At 1 MiB a copy to a file takes less
// than half the processor time that it takes with io.Copy's 32 KiB.
var copyBuffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

// Copy copies src to dst until io.EOF and returns the bytes written. It stops
// with the cause once ctx is done: between two reads or writes of up to 1 MiB,
// and within one if dst or src has deadlines to set (net.Conn, os.File of a
// pipe). Those are in the past after a cancelled Copy. It closes neither.
func Copy(ctx context.Context, dst io.Writer, src io.Reader) (int64, error) {
	defer wakeOnDone(ctx, dst, src)()
	buf := copyBuffers.Get().(*[1 << 20]byte)
	defer copyBuffers.Put(buf)
	var written int64
	for ctx.Err() == nil {
		n, readErr := src.Read(buf[:])
		if n > 0 {
			w, err := dst.Write(buf[:n])
			written += int64(w)
			if err == nil && w < n {
				err = io.ErrShortWrite
			}
			if err != nil {
				return written, causeOr(ctx, err)
			}
		}
		if readErr == io.EOF {
			return written, nil
		}
		if readErr != nil {
			return written, causeOr(ctx, readErr)
		}
	}
	return written, context.Cause(ctx)
}

// wakeOnDone makes blocked calls of dst and src return once ctx is done, where
// they can be. The function that it returns ends this, and waits for it.
func wakeOnDone(ctx context.Context, dst io.Writer, src io.Reader) (end func()) {
	past := time.Unix(1, 0)
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		// Errors mean that there are no deadlines here (a regular file has
		// none): then the loop sees ctx after the call.
		if d, ok := src.(interface{ SetReadDeadline(time.Time) error }); ok {
			_ = d.SetReadDeadline(past)
		}
		if d, ok := dst.(interface{ SetWriteDeadline(time.Time) error }); ok {
			_ = d.SetWriteDeadline(past)
		}
	})
	return func() {
		if !stop() {
			<-woken
		}
	}
}

// causeOr tells a deadline that wakeOnDone has set from other failures.
func causeOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

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

// WriteFile makes src the content of the named file and returns its length.
// Whoever opens name sees the old file or the whole new one, never a part: the
// content goes to a temporary file beside it, is flushed to the disk, and
// takes name's place by a rename, which is flushed too.
//
// On an error, a cancelled ctx, or a panic of src the temporary file is
// removed and name is as it was. Two errors differ: when only the last flush
// fails the new file stands already, and after a crash of the machine a file
// named .tmp-* may be left. Once the rename has begun ctx is not asked.
//
// The file's mode is perm before the umask, whatever the old one's was. A
// symbolic link is replaced, not followed.
//
// Errors are an *fs.PathError about name, or an *os.LinkError of the rename.
func WriteFile(ctx context.Context, name string, src io.Reader, perm fs.FileMode) (n int64, err error) {
	dir := filepath.Dir(name)
	temp := filepath.Join(dir, ".tmp-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return 0, onFile("write", name, temp, err)
	}
	renamed := false
	defer func() {
		if renamed {
			return
		}
		f.Close() // for the second time, unless something failed before
		if e := os.Remove(temp); e != nil {
			err = errors.Join(err, e)
		}
	}()
	n, err = Copy(ctx, f, src)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = context.Cause(ctx) // nil while ctx lives
	}
	if err != nil {
		return n, onFile("write", name, temp, err)
	}
	if err := os.Rename(temp, name); err != nil {
		return n, err
	}
	renamed = true
	return n, syncDir(dir)
}

// syncDir makes a rename in dir outlast a crash, where the system can do that:
// Windows has no such call, and some file systems refuse it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// WalkEntry is a file or directory that Walk has come to.
type WalkEntry struct {
	Path        string // begins with the root that was given to Walk
	fs.DirEntry        // may be nil beside an error
}

// Walk yields root and everything below it, as filepath.WalkDir does: a
// directory before its entries, these in lexical order, symbolic links not
// followed. What prune is true for is left out, with all below it; prune may
// be nil. What cannot be read is an error item, an *fs.PathError, and the walk
// goes on. Once ctx is done the cause is the last item.
func Walk(ctx context.Context, root string, prune func(WalkEntry) bool) Stream[WalkEntry] {
	return func(yield func(WalkEntry, error) bool) {
		// The function below returns no other error than the two that steer.
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			e := WalkEntry{Path: path, DirEntry: d}
			if ctx.Err() != nil {
				yield(WalkEntry{}, context.Cause(ctx))
				return fs.SkipAll
			}
			if err == nil && prune != nil && prune(e) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if !yield(e, err) {
				return fs.SkipAll
			}
			return nil
		})
	}
}
