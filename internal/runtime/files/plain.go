package files

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Outputs opens outputs that the user has named one by one. Out is standard
// output.
type Outputs struct {
	Out     io.Writer
	Options Options
}

// Stdout is an output that streams to standard output. It cannot start over
// once a byte was written.
func (o Outputs) Stdout() Output { return &Stream{w: o.Out, name: "standard output"} }

// File begins the output for path. An existing file there stays as it is until
// Commit; a symbolic link is followed, and what is no regular file (/dev/null,
// a FIFO) is written to as it is. Directories are not made.
func (o Outputs) File(path string) (Output, error) {
	f, device, err := o.find(path)
	if device != nil || err != nil {
		return device, err
	}
	f.temp = temporary(f.name)
	if err := f.create(); err != nil {
		return nil, f.fail(err)
	}
	return f, nil
}

// Resume is File, going on where an earlier transfer ended. It also returns
// what is there: with Rewind to less it begins before its end.
func (o Outputs) Resume(path string) (Output, Kept, error) {
	f, device, err := o.find(path)
	if device != nil || err != nil {
		return device, Kept{}, err
	}
	f.temp = filepath.Join(filepath.Dir(f.name), keptName(filepath.Base(f.name)))
	if err := f.resume(); err != nil {
		return nil, Kept{}, f.fail(err)
	}
	return f, f.kept, nil
}

// find returns the File for the place that path leads to, still without the
// name of its temporary file, or the device that path is.
func (o Outputs) find(path string) (*File, Output, error) {
	if path == "" {
		return nil, nil, &NameError{path, "is empty"}
	}
	if path == "/dev/stdout" {
		return nil, o.Stdout(), nil
	}
	f := &File{in: disk{}, path: path, perm: 0o666, fail: func(err error) error { return outputError(path, err) }}
	f.options(o.Options)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, nil, f.fail(syscall.EISDIR)
	case err == nil && (!info.Mode().IsRegular() || descriptor(path)):
		device, err := openDevice(path)
		return nil, device, err
	case err == nil:
		f.perm = info.Mode().Perm() // a private file stays private
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, f.fail(err)
	}
	if f.name, err = follow(path); err != nil {
		return nil, nil, f.fail(err)
	}
	return f, nil, nil
}

// descriptor reports whether path names an open file of this process. A rename
// would part its name from what the shell has opened, and lose a log that was
// redirected with >>.
func descriptor(path string) bool {
	path = filepath.Clean(path)
	return path == "/dev/stderr" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}

// openDevice is an output to what stands at path already and is no file.
func openDevice(path string) (Output, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, outputError(path, err)
	}
	return &Stream{w: f, name: path, closer: f}, nil
}

// follow returns the path that path leads to when its last part is a symbolic
// link, also one to a file that does not exist yet.
func follow(path string) (string, error) {
	for range 40 { // as many as Linux follows
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil // what is wrong here shows when the file is made
		}
		link, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}

// temporary returns a fresh name beside target.
func temporary(target string) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, "."+clip(base, 200)+"."+rand.Text()+".part")
}
