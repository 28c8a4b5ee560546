package ops

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// Folder holds the outputs of a batch, and nothing is written outside of it.
type Folder interface {
	// Claim reserves the output name, slash-separated and below the folder, for
	// one task: the second to claim it fails.
	Claim(name string) (files.Place, error)
	// Size returns the size of the file name.
	Size(name string) (int64, error)
	Close() error
}

// OpenFolder opens the folder at path, and makes it if it is not there.
type OpenFolder func(ctx context.Context, path string) (Folder, error)

// Sums are the checksums of a SHA256SUMS file.
type Sums interface {
	// Find returns those for an output below the folder, else those for the last
	// segment of the URL.
	Find(output string, u *url.URL) []files.Checksum
}

// Bodies is what becomes of the bodies that a run fetches.
type Bodies struct {
	OutputDir string // folder for them; empty keeps those whose line names an output, and of a worker's tasks none
	Sums      Sums   // checksums by name; nil is none
	Continue  bool   // go on with what an earlier transfer has left of an output
	Inline    Inline // bodies in the records
}

// folder is where a run's bodies go. It is opened when the first is to be kept.
type folder struct {
	open  OpenFolder
	path  string // --output-dir; empty keeps only bodies whose line names an output
	sums  Sums   // nil is none
	goOn  bool   // with what an earlier transfer has left at the place
	spool bool   // names are not used: outputs do not stay here

	once sync.Once // guards the fields below
	dir  Folder
	err  error
}

// claim reserves the place of t's output, nil when none is to be kept. Claims
// are made in the order of the input, so that of two tasks for one place it is
// always the second that fails.
func (f *folder) claim(ctx context.Context, t *task.Task) (*files.Place, error) {
	if t.Invalid != nil {
		return nil, t.Invalid
	}
	if t.Output == "" && (f.path == "" || t.Exec != nil) { // a command has no name to go by
		return nil, nil
	}
	name, err := f.name(ctx, t)
	if err != nil {
		return nil, err
	}
	place, err := f.dir.Claim(name)
	if err != nil {
		return nil, err
	}
	return &place, nil
}

// output begins the output of t at its place, or none, which keeps nothing and is
// not used otherwise.
func (f *folder) output(t *task.Task, place *files.Place, none *files.None) (opened, error) {
	out, name := opened{Output: none}, ""
	if place != nil {
		var err error
		if out, err = f.begin(t, place); err != nil {
			return opened{}, err
		}
		name = place.Name()
	}
	if err := f.expect(out.Output, name, t); err != nil {
		out.Abort()
		return opened{}, err
	}
	if len(t.URLs) > 1 {
		out.again = func() (opened, error) { return f.output(t, place, new(files.None)) }
	}
	return out, nil
}

func (f *folder) begin(t *task.Task, place *files.Place) (opened, error) {
	if f.spool {
		one, err := f.dir.Claim("body")
		if err != nil {
			return opened{}, err
		}
		place = &one
	}
	if f.goOn && t.Exec == nil { // a command says everything again
		out, kept, err := place.Resume()
		return resumed(out, kept), err
	}
	out, err := place.Create()
	return opened{Output: out}, err
}

// expect tells out the checksum that the line or the sums file has for it.
func (f *folder) expect(out files.Output, name string, t *task.Task) error {
	if t.Checksum != "" {
		sum, err := files.ParseChecksum(t.Checksum)
		if err != nil {
			return &InputError{Err: err}
		}
		out.Expect(sum)
	}
	if f.sums == nil {
		return nil
	}
	var u *url.URL // none for a command
	if t.Exec == nil {
		parsed, err := ParseURL(t.URL())
		if err != nil {
			return &InputError{Err: err}
		}
		u = &parsed
	}
	for _, sum := range f.sums.Find(name, u) {
		out.Expect(sum)
	}
	return nil
}

// name opens the folder and returns the name of t's output in it.
func (f *folder) name(ctx context.Context, t *task.Task) (string, error) {
	f.once.Do(func() {
		path := f.path
		if path == "" {
			path = "."
		}
		dir, err := f.open(ctx, path)
		if err != nil {
			f.err = noFolder(err)
			return // what came with it may be a nil *files.Dir, which close would call
		}
		f.dir = dir
	})
	if f.err != nil || t.Output != "" {
		return t.Output, f.err
	}
	u, err := ParseURL(t.URL())
	if err != nil {
		return "", &InputError{Err: err}
	}
	return files.Name(&u)
}

// noFolder says of the error that opening the folder gave that it is every
// task's.
func noFolder(err error) error {
	if failed, ok := errors.AsType[*files.OutputError](err); ok {
		return &files.OutputError{Path: failed.Path, Err: failed.Err, All: true}
	}
	return err
}

// holds reports whether there is a file of that size at a place.
func (f *folder) holds(place *files.Place, size int64) bool {
	if place == nil {
		return false
	}
	have, err := f.dir.Size(place.Name())
	return err == nil && have == size
}

func (f *folder) close() error {
	if f.dir == nil {
		return nil
	}
	return f.dir.Close()
}
