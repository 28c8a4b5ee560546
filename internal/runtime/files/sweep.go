package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/specify-cli/specify/internal/flock"
)

// Sweep removes the temporary files of runs that were killed, and returns how
// many those were. Files of a live run, this one included, and what Resume goes
// on with are left. Without a dead run it reads one directory; with one it walks
// the whole tree, in memory that does not grow with it. It stops when ctx is
// done; the next Sweep goes on.
func (d *Dir) Sweep(ctx context.Context) (removed int, err error) {
	s := sweeper{ctx: ctx, dir: d, dead: map[string]*run{}}
	defer func() {
		for _, r := range s.dead {
			if err == nil { // all that it left is gone; else it must be found again
				err = r.end(d.root)
			} else {
				err = errors.Join(err, r.file.Close())
			}
		}
		if err != nil && ctx.Err() == nil {
			err = outputError(d.path, err)
		}
	}()
	if err := s.each(".", s.findDead); err != nil || len(s.dead) == 0 {
		return 0, err
	}
	return s.removed, s.walk(".")
}

// maxDead bounds the run files that one Sweep holds open.
const maxDead = 64

type sweeper struct {
	ctx     context.Context
	dir     *Dir
	dead    map[string]*run // by id; their run files are locked by us
	removed int
}

// findDead locks a run file whose run has ended without removing it.
func (s *sweeper) findDead(folder string, entry fs.DirEntry) error {
	id := runFile().FindStringSubmatch(entry.Name())
	if id == nil || !entry.Type().IsRegular() || len(s.dead) == maxDead {
		return nil
	}
	file, err := s.dir.root.OpenFile(entry.Name(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // it has ended meanwhile, or is another user's
	}
	if err != nil {
		return err
	}
	if flock.Lock(file) != nil {
		return file.Close() // alive, or a file system that cannot tell
	}
	s.dead[id[1]] = &run{id[1], file}
	return nil
}

// walk removes in folder and below it. Where something was removed it looks
// again: not every file system lists a folder to its end while it shrinks.
func (s *sweeper) walk(folder string) error {
	for again := false; ; again = true {
		gone := 0
		err := s.each(folder, func(folder string, entry fs.DirEntry) error {
			name := path.Join(folder, entry.Name())
			if entry.IsDir() && !again {
				return s.walk(name)
			}
			if !entry.Type().IsRegular() || s.dead[runOf(entry.Name())] == nil {
				return nil
			}
			if err := s.dir.root.Remove(name); err != nil {
				return ignoreGone(err)
			}
			gone++
			return nil
		})
		s.removed += gone
		if err != nil || gone == 0 {
			return err
		}
	}
}

// runOf returns the id of the run that has a temporary file of this name, or "".
func runOf(name string) string {
	rest, ok := strings.CutPrefix(name, tempPrefix)
	if !ok {
		return ""
	}
	if rest, ok = strings.CutSuffix(rest, tempSuffix); !ok {
		return ""
	}
	id, number, ok := strings.Cut(rest, "-")
	if !ok || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return id
}

// each calls fn for what is in folder, some names at a time.
func (s *sweeper) each(folder string, fn func(folder string, entry fs.DirEntry) error) error {
	f, err := s.dir.root.Open(folder)
	if err != nil {
		return ignoreGone(err)
	}
	defer f.Close() // nothing was written
	for {
		if err := s.ctx.Err(); err != nil {
			return context.Cause(s.ctx)
		}
		entries, err := f.ReadDir(256)
		for _, entry := range entries {
			if err := fn(folder, entry); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
