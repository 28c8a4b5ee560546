package ops

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Shard is the part of a list that one of several machines takes. The zero
// value is the whole list.
type Shard struct{ Index, Count int } // of Count parts the Index-th, from 1

// ParseShard reads I/N.
func ParseShard(s string) (Shard, error) {
	i, n, _ := strings.Cut(s, "/")
	index, err := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if err != nil || err2 != nil || index < 1 || index > count {
		return Shard{}, fmt.Errorf("%q is not a shard (1/4 is the first of four, 4/4 the last)", s)
	}
	return Shard{index, count}, nil
}

// String is what ParseShard reads, and empty for the whole list.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// all reports whether the shard is the whole list.
func (s Shard) all() bool { return s.Count <= 1 }

// has reports whether the task with this identity is in the shard. It is asked
// with the identity that the line itself has, without the "#n" of a duplicate:
// that number depends on the lines before, and with it a reordered list would
// not keep each line in its shard. So duplicates are all in one shard.
//
// Machines with different versions of specify share a list, so the answer is a
// promise like the identity: it stays the same in every version.
func (s Shard) has(id string) bool {
	if s.all() {
		return true
	}
	sum := sha256.Sum256([]byte(id))
	part, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), uint64(s.Count)) // evenly over the shards
	return part == uint64(s.Index-1)
}
