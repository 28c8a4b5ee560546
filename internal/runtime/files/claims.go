package files

import (
	"hash/maphash"
	"iter"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/specify-cli/specify/internal/hashset"
)

// claims remembers which places the tasks of a run have, so that no two write
// to one. A place stays claimed whatever becomes of its task: who comes second
// fails whether the first has succeeded, failed or not begun, which is the same
// at every number of jobs.
//
// It keeps a hash of 64 bits a name, and one a folder, instead of the names:
// 10 to 15 MB for a million. That two names out of a million are taken for one
// has a probability of 3 in 100 million; the seeds are random, so that no list
// can aim at it.
type claims struct {
	fold      bool // the file system takes "A" for "a"
	file, dir maphash.Seed

	mu    sync.Mutex  // guards taken
	taken hashset.Set // files, and every folder above one, told apart by their seeds
}

func newClaims(fold bool) *claims {
	return &claims{fold: fold, file: maphash.MakeSeed(), dir: maphash.MakeSeed()}
}

// add claims name, slash-separated and clean. It returns a *CollisionError
// when the place is another's, when it must be a folder for another's, or when
// a part of it is another's file. Where c is nil every claim is good.
func (c *claims) add(name string) error {
	if c == nil {
		return nil
	}
	key := c.key(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken.Has(maphash.String(c.file, key)) {
		return &CollisionError{name, "another task of this run has this output"}
	}
	if c.taken.Has(maphash.String(c.dir, key)) {
		return &CollisionError{name, "another task of this run needs a folder of this name"}
	}
	for parent := range parents(key) {
		if c.taken.Has(maphash.String(c.file, parent)) {
			return &CollisionError{name, "a part of the path is the output of another task of this run"}
		}
	}
	for parent := range parents(key) {
		c.taken.Add(maphash.String(c.dir, parent))
	}
	c.taken.Add(maphash.String(c.file, key))
	return nil
}

// parents yields the folders above name, the outermost first.
func parents(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(name) {
			if name[i] == '/' && !yield(name[:i]) {
				return
			}
		}
	}
}

// key makes names equal that the file system takes for one. Unicode forms
// always count as one: APFS and HFS+ take them so, and elsewhere two outputs
// that look the same are a mistake. Case counts where the file system says so.
func (c *claims) key(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) >= 0 {
		name = norm.NFD.String(name)
	}
	if !c.fold {
		return name
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}
