package queue

import (
	"bytes"
	"crypto/sha256"
	"strconv"
)

// owner is the worker that a partition belongs to by rendezvous hashing: all who
// know the same workers agree on it, and when one comes or goes only its own
// partitions change hands.
func owner(partition int, workers []string) (best string) {
	var highest [sha256.Size]byte
	for _, id := range workers {
		weight := sha256.Sum256([]byte(strconv.Itoa(partition) + " " + id))
		if c := bytes.Compare(weight[:], highest[:]); best == "" || c > 0 || c == 0 && id > best {
			best, highest = id, weight
		}
	}
	return best
}
