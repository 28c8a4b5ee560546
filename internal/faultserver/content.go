package faultserver

import (
	"encoding/binary"
	"hash/fnv"
	"io"
)

// Content returns size bytes that look random and follow from id alone: what
// /range/{size}/{id} serves, and /bytes/{size} with an empty id. Two contents
// of one id agree on the bytes that both have. It is safe for concurrent use
// by ReadAt alone.
func Content(id string, size int64) *io.SectionReader {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // a hash never fails
	return io.NewSectionReader(noise(h.Sum64()), 0, size)
}

// noise is an endless io.ReaderAt of splitmix64 words, little-endian, the
// value being the seed (Steele, Lea, Flood: Fast splittable pseudorandom
// number generators, 2014).
type noise uint64

func (n noise) ReadAt(p []byte, off int64) (int, error) {
	index, skip := uint64(off)/8, int(off%8)
	var word [8]byte
	for done := 0; done < len(p); index++ {
		binary.LittleEndian.PutUint64(word[:], n.word(index))
		done += copy(p[done:], word[skip:])
		skip = 0
	}
	return len(p), nil
}

func (n noise) word(index uint64) uint64 {
	z := uint64(n) + (index+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
