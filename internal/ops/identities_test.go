package ops

import (
	"fmt"
	"hash/maphash"
	"testing"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/task"
)

func TestIdentities(t *testing.T) {
	s := newIdentities(nil)
	for _, c := range [][2]string{{"a", "a"}, {"b", "b"}, {"a", "a#2"}, {"a", "a#3"}, {"a#4", "a#4"}, {"a", "a#5"}, {"b", "b#2"}} {
		if got := s.distinct(c[0]); got != c[1] {
			t.Errorf("%q became %q, want %q", c[0], got, c[1])
		}
	}
	for i := range 100_000 {
		id := task.ContentID(&task.Task{Seq: int64(i), URLs: []string{string(rune(0x10000 + i))}})
		if got := s.distinct(id); got != id {
			t.Fatalf("%q became %q", id, got)
		}
	}
}

// What is numbered does not depend on whether the list was read before, and no
// two tasks end with one identity.
func TestIdentitiesWithCensus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.StringMatching(`[ab](#[0-9]?){0,3}`)).Draw(t, "ids")
		c := newCensus()
		for _, id := range ids {
			c.count([]byte(id))
		}
		c.done()
		all, some := newIdentities(nil), newIdentities(c)
		taken := make(map[string]bool)
		for _, id := range ids {
			want, got := all.distinct(id), some.distinct(id)
			if got != want || taken[got] {
				t.Fatalf("%q became %q, without a census %q; taken: %v", id, got, want, taken[got])
			}
			taken[got] = true
		}
	})
}

// A million different identities leave little behind.
func TestCensusSize(t *testing.T) {
	const n = 1_000_000
	c := newCensus()
	var id []byte
	for i := range n {
		id = fmt.Appendf(id[:0], "%032d", i)
		c.count(id)
	}
	bits := 0
	for _, s := range c.sieves {
		bits += 64 * len(s.bits)
	}
	repeated := 0
	for i := range n {
		id = fmt.Appendf(id[:0], "%032d", i)
		if c.repeated.Has(maphash.Bytes(c.seed, id)) {
			repeated++
		}
	}
	if bits > 32*n || repeated > n/25 {
		t.Errorf("%d bits of sieves, %d taken for repeated", bits, repeated)
	}
}

func BenchmarkCensus(b *testing.B) {
	c := newCensus()
	var id []byte
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		id = fmt.Appendf(id[:0], "%032d", i)
		c.count(id)
		i++
	}
}
