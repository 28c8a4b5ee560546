package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
)

var errNotRegular = errors.New("what is there is not a regular file")

// Place is a name in a Dir that one task has claimed.
type Place struct {
	dir  *Dir
	name string
}

// Name is the path below the Dir, slash-separated and clean.
func (p Place) Name() string { return p.name }

// Create begins the output. Folders are made as needed. A file that an earlier
// run has left stays as it is until Commit.
func (p Place) Create() (Output, error) {
	f, err := p.begin(p.dir.temp(path.Dir(p.name)), func(f *File) error { return f.create(os.O_EXCL) })
	if err != nil {
		return nil, p.dir.fail(p.name, err)
	}
	return f, nil
}

// Resume is Create, going on where an earlier transfer ended. It also returns
// how many bytes are there: with Rewind to less the output begins before them.
// The output's Abort keeps what has come, under a name of its own, for the next
// Resume.
func (p Place) Resume() (Output, int64, error) {
	kept := path.Join(path.Dir(p.name), keptName(path.Base(p.name)))
	f, err := p.begin(kept, (*File).resume)
	if err != nil {
		return nil, 0, p.dir.fail(p.name, err)
	}
	return f, f.n, nil
}

// begin readies the folder, looks at what stands at the place, and opens.
func (p Place) begin(temp string, open func(*File) error) (*File, error) {
	d := p.dir
	linked := false
	for fresh := false; ; fresh = true {
		folder, err := d.ready(path.Dir(p.name), fresh)
		if err == nil && folder != path.Dir(p.name) && !linked {
			linked = true
			err = d.claims.add(path.Join(folder, path.Base(p.name)))
		}
		var f *File
		if err == nil {
			f, err = p.file(temp)
		}
		if err == nil {
			err = open(f)
		}
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || fresh {
			return nil, err
		}
		// Somebody has removed the folder since it was made.
	}
}

// file returns the File for the place, if a rename to it will do. It will have
// the permissions of the file that it replaces, so that a private one stays
// private.
func (p Place) file(temp string) (*File, error) {
	f := &File{in: p.dir.root, path: p.name, name: p.name, temp: temp, perm: 0o666,
		fail: func(err error) error { return p.dir.fail(p.name, err) }}
	f.options(p.dir.opts)
	info, err := p.dir.root.Lstat(p.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, syscall.EISDIR
	case info.Mode()&fs.ModeSymlink != 0:
		if _, err := p.dir.root.Stat(p.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err // it leads out
		}
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	default:
		f.perm = info.Mode().Perm()
	}
	return f, nil
}

// maxFolders bounds the folders that a Dir remembers.
const maxFolders = 4096

// ready makes the folder and returns where it leads: without symbolic links on
// the way that is its own name. fresh says not to rely on memory.
func (d *Dir) ready(folder string, fresh bool) (string, error) {
	if folder == "." {
		return folder, nil
	}
	d.mu.Lock()
	leads, known := d.folders[folder]
	d.mu.Unlock()
	if known && !fresh {
		return leads, nil
	}
	if err := d.root.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	leads, err := d.resolve(folder)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.folders) >= maxFolders {
		clear(d.folders)
	}
	d.folders[folder] = leads
	return leads, nil
}

// resolve returns the path of folder without symbolic links.
func (d *Dir) resolve(folder string) (string, error) {
	done, rest := ".", folder
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		next := path.Join(done, part)
		info, err := d.root.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: too many symbolic links", folder)
		}
		link, err := d.root.Readlink(next)
		if err != nil {
			return "", err
		}
		if runtime.GOOS == "windows" {
			link = strings.ReplaceAll(link, `\`, "/")
		}
		rest = strings.Trim(link+"/"+rest, "/")
	}
	return done, nil
}

// folds asks the file system whether it takes capitals for small letters. name
// is a file at the root with small letters.
func folds(root *os.Root, name string) bool {
	_, err := root.Lstat(strings.ToUpper(name))
	return err == nil
}
