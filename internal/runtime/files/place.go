package files

import (
	"errors"
	"io/fs"
	"path"
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
	f, err := p.begin(p.dir.temp(path.Dir(p.name)), (*File).create)
	if err != nil {
		return nil, p.dir.fail(p.name, err)
	}
	return f, nil
}

// Resume is Create, going on where an earlier transfer ended. It also returns
// what is there: with Rewind to less the output begins before its end.
// The output's Abort keeps what has come, under a name of its own, for the next
// Resume.
func (p Place) Resume() (Output, Kept, error) {
	kept := path.Join(path.Dir(p.name), keptName(path.Base(p.name)))
	f, err := p.begin(kept, (*File).resume)
	if err != nil {
		return nil, Kept{}, p.dir.fail(p.name, err)
	}
	return f, f.kept, nil
}

// begin readies the folder, looks at what stands at the place, and opens.
func (p Place) begin(temp string, open func(*File) error) (*File, error) {
	d := p.dir
	linked, fresh := false, false
	var lack patience
	for {
		folder, err := d.ready(path.Dir(p.name), fresh)
		if err == nil && folder != path.Dir(p.name) && !linked {
			linked = true
			if d.claims.add(path.Join(folder, path.Base(p.name))) != nil {
				err = &CollisionError{p.name, "a symbolic link makes it the output of another task of this run"}
			}
		}
		var f *File
		if err == nil {
			f, err = p.file(temp)
		}
		if err == nil {
			err = open(f)
		}
		switch {
		case err == nil:
			return f, nil
		case lack.again(err):
		case errors.Is(err, fs.ErrNotExist) && !fresh:
			fresh = true // somebody has removed the folder since it was made
		default:
			return nil, err
		}
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
