package journal

import "crypto/sha256"

// Index remembers which tasks an earlier run completed. The zero value is
// empty and ready. Add is for one goroutine; once the last Add is over, Done
// is safe for concurrent use.
//
// It keeps a hash of each id instead of the id: 24 bytes a task whatever ids
// users choose, in a map without pointers, which the garbage collector does
// not walk. The hash is SHA-256 cut to 128 bits. Among a million ids two
// agree by chance with a probability below 2e-27, and to construct such a
// pair takes 2^64 hashes, so that nobody can craft a list whose tasks hide
// each other.
type Index struct {
	done  map[[16]byte]int64    // bytes of the output; -1 without one
	lines map[[16]byte]struct{} // records of tasks that are not done; a few, where all goes well
}

// Add takes the next entry of the file; the newest of an id is the one that
// counts, also when it undoes an older ok.
func (x *Index) Add(e Entry) {
	key := hashID(e.ID)
	if !e.done() {
		delete(x.done, key)
		if x.lines == nil {
			x.lines = make(map[[16]byte]struct{})
		}
		x.lines[e.Sum] = struct{}{}
		return
	}
	if x.done == nil {
		x.done = make(map[[16]byte]int64)
	}
	x.done[key] = e.OutputBytes
}

// Done reports whether the newest entry of the task is ok or not_modified,
// and the size of its output in bytes, -1 if it recorded none.
func (x *Index) Done(id string) (outputBytes int64, ok bool) {
	if len(x.done) == 0 { // as in every run that is no --resume, which need not pay for the hash
		return 0, false
	}
	outputBytes, ok = x.done[hashID(id)]
	return outputBytes, ok
}

// Recorded reports whether the file has this line, without its newline, for a
// task that was not ok or not_modified.
func (x *Index) Recorded(line []byte) bool {
	_, ok := x.lines[hashID(string(line))]
	return ok
}

// Len is the number of tasks that are done.
func (x *Index) Len() int { return len(x.done) }

func hashID(id string) [16]byte {
	var space [96]byte // on the stack; a longer id moves to the heap
	sum := sha256.Sum256(append(space[:0], id...))
	return [16]byte(sum[:16])
}
