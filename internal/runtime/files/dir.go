package files

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync"
	"sync/atomic"
)

// Dir is a folder of outputs. Nothing outside it is ever written, read or
// made. It is safe for concurrent use; the outputs are not.
//
// Folders below it that are symbolic links are followed when they stay inside,
// and are an error when they lead out. A symbolic link at the place of an
// output is an error when it leads out, else it is replaced, never followed.
type Dir struct {
	path   string
	root   *os.Root
	opts   Options
	run    *run
	claims *claims
	temps  atomic.Uint64 // temporary files made

	mu      sync.Mutex        // guards folders
	folders map[string]string // some of those that are known to exist, and where they lead
}

// OpenDir makes the folder if it is not there, and opens it. The caller closes
// it when all its outputs have ended. A folder that cannot be written to is an
// *OutputError already here.
func OpenDir(path string, o Options) (*Dir, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, outputError(path, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, outputError(path, err)
	}
	run, err := startRun(root)
	if err != nil {
		_ = root.Close() // nothing was written through it
		return nil, outputError(path, err)
	}
	d := &Dir{path: path, root: root, opts: o, run: run, folders: map[string]string{}}
	if !o.Shared {
		d.claims = newClaims(folds(root, run.name()))
	}
	return d, nil
}

// Close ends the use of the folder.
func (d *Dir) Close() error {
	if d.run == nil { // of LookDir
		if d.root == nil {
			return nil
		}
		return d.root.Close()
	}
	if err := errors.Join(d.run.end(d.root), d.root.Close()); err != nil {
		return outputError(d.path, err)
	}
	return nil
}

// Size returns the size of the regular file at name, which need not be claimed.
func (d *Dir) Size(name string) (int64, error) {
	name, err := clean(name)
	if err != nil {
		return 0, err
	}
	if d.root == nil { // of LookDir
		return 0, outputError(name, fs.ErrNotExist)
	}
	info, err := d.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		return 0, outputError(name, err)
	}
	return info.Size(), nil
}

// Create claims name and begins its output: Claim, then Place.Create.
func (d *Dir) Create(name string) (Output, error) {
	p, err := d.Claim(name)
	if err != nil {
		return nil, err
	}
	return p.Create()
}

// Claim reserves name, slash-separated and below the folder, for one task. It
// touches no disk. Of two claims for one place the second gets a
// *CollisionError, so who claims in the order of the list, also for tasks that
// will not run again, gets the same answers at every number of jobs.
func (d *Dir) Claim(name string) (Place, error) {
	name, err := clean(name)
	if err != nil {
		return Place{}, err
	}
	if err := d.claims.add(name); err != nil {
		return Place{}, err
	}
	return Place{d, name}, nil
}

// fail gives err its type. No permission at one place may have to do with that
// place alone: only when the folder itself takes no file either is it All.
func (d *Dir) fail(name string, err error) error {
	err = outputError(name, err)
	if oe, ok := errors.AsType[*OutputError](err); ok && !oe.All && errors.Is(err, fs.ErrPermission) {
		oe.All = d.probe() != nil
	}
	return err
}

// probe makes a file and removes it.
func (d *Dir) probe() error {
	name := d.temp(".")
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), d.root.Remove(name))
}

// temp returns a name for a temporary file in a folder.
func (d *Dir) temp(folder string) string {
	return path.Join(folder, tempPrefix+d.run.id+"-"+strconv.FormatUint(d.temps.Add(1), 10)+tempSuffix)
}
