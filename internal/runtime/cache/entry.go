package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Key names a request.
type Key [sha256.Size]byte

// KeyOf returns the Key of a request with these parts. Each goes in with its
// length: no two different requests share an input to the hash.
func KeyOf(parts ...string) (k Key) {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	h.Sum(k[:0])
	return k
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Entry describes the copy of an answer.
type Entry struct {
	URL          string            `json:"url"`                 // for people; without its secrets
	Final        string            `json:"final_url,omitempty"` // where redirects led, the same way; empty when there were none
	ETag         string            `json:"etag,omitempty"`
	LastModified string            `json:"last_modified,omitempty"`
	CacheControl string            `json:"cache_control,omitempty"`
	Expires      string            `json:"expires,omitempty"`
	ContentType  string            `json:"content_type,omitempty"`
	Vary         map[string]string `json:"vary,omitempty"` // request fields that the answer depends on, as they were
	Stored       time.Time         `json:"stored"`         // when it was last known to be current
	FreshUntil   time.Time         `json:"fresh_until"`    // not after Stored when each use must be asked about
	Size         int64             `json:"size"`
	SHA256       string            `json:"sha256"` // of the body, in hex
}

var errDamaged = errors.New("the cached copy is damaged")

// stored is the form that an entry has on disk, behind a line with the SHA-256
// of all that follows.
type stored struct {
	Key string `json:"key"` // a file that was moved here from elsewhere is not ours
	Entry
}

func (e *Entry) encode(k Key) ([]byte, error) {
	text, err := json.Marshal(stored{k.String(), *e})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return append(hex.AppendEncode(nil, sum[:]), append([]byte("\n"), text...)...), nil
}

func decode(k Key, data []byte) (Entry, error) {
	sum, text, ok := bytes.Cut(data, []byte("\n"))
	want := sha256.Sum256(text)
	if !ok || string(sum) != hex.EncodeToString(want[:]) {
		return Entry{}, errDamaged
	}
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return Entry{}, err
	}
	if s.Key != k.String() || !isSum(s.SHA256) || s.Size < 0 {
		return Entry{}, errDamaged
	}
	return s.Entry, nil
}

func isSum(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha256.Size
}
