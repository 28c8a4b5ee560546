package hashset

import (
	"hash/maphash"
	"math"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

// The set is compared with a map, over few hashes so that they meet, and the
// ones at the ends of the range.
func TestSetModel(t *testing.T) {
	hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.Uint64Range(math.MaxUint64-300, math.MaxUint64),
		rapid.Custom(func(t *rapid.T) uint64 { return rapid.Uint64Range(0, 63).Draw(t, "shard")<<58 + 7 }))
	rapid.Check(t, func(t *rapid.T) {
		var set Set
		model := map[uint64]bool{}
		for _, h := range rapid.SliceOfN(hash, 0, 500).Draw(t, "hashes") {
			if set.Has(h) != model[h] {
				t.Fatalf("Has(%#x) = %t", h, set.Has(h))
			}
			if fresh := set.Add(h); fresh == model[h] {
				t.Fatalf("Add(%#x) = %t", h, fresh)
			}
			model[h] = true
		}
		for h := range model {
			if !set.Has(h) {
				t.Fatalf("%#x is lost", h)
			}
		}
	})
}

// BenchmarkSet tells what a hash costs in a set of a million: to put it in, and
// to ask for it and for one that is not there.
func BenchmarkSet(b *testing.B) {
	hashes := make([]uint64, 1_000_000)
	seed := maphash.MakeSeed()
	for i := range hashes {
		hashes[i] = maphash.Comparable(seed, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		set := new(Set)
		for _, h := range hashes {
			set.Add(h)
		}
		for _, h := range hashes {
			if !set.Has(h) || set.Has(h+1) {
				b.Fatalf("%#x is lost, or its neighbour is there", h)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(hashes)), "heap-B/hash")
		runtime.KeepAlive(set)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(hashes)), "ns/hash")
}
