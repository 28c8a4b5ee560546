package asynccore

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

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
