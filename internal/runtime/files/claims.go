package files

import (
	"hash/maphash"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// claims remembers which places the tasks of a run have, so that no two write
// to one. A place stays claimed whatever becomes of its task: who comes second
// fails whether the first has succeeded, failed or not begun, which is the same
// at every number of jobs.
//
// It keeps 64 bits a name, and 64 a folder, instead of the names: some 20 MB
// for a million. Two names out of a million are taken for one with a
// probability of 3 in 100 million; the seed is random, so that no list can aim
// at it.
type claims struct {
	fold bool // the file system takes "A" for "a"
	seed maphash.Seed

	mu   sync.Mutex // guards what follows
	file map[uint64]struct{}
	dir  map[uint64]struct{} // every folder above a file
}

func newClaims(fold bool) *claims {
	return &claims{fold: fold, seed: maphash.MakeSeed(), file: map[uint64]struct{}{}, dir: map[uint64]struct{}{}}
}

// add claims name, slash-separated and clean. It returns a *CollisionError
// when the place is another's, when it must be a folder for another's, or when
// a part of it is another's file.
func (c *claims) add(name string) error {
	key := c.key(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	place := maphash.String(c.seed, key)
	if has(c.file, place) {
		return &CollisionError{name, "another task of this run has this output"}
	}
	if has(c.dir, place) {
		return &CollisionError{name, "another task of this run needs a folder of this name"}
	}
	for parent := range parents(key) {
		if has(c.file, maphash.String(c.seed, parent)) {
			return &CollisionError{name, "a part of the path is the output of another task of this run"}
		}
	}
	for parent := range parents(key) {
		c.dir[maphash.String(c.seed, parent)] = struct{}{}
	}
	c.file[place] = struct{}{}
	return nil
}

func has(set map[uint64]struct{}, hash uint64) bool {
	_, ok := set[hash]
	return ok
}

// parents yields the folders above name, the outermost first.
func parents(name string) func(yield func(string) bool) {
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
