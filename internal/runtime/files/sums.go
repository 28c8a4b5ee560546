package files

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
)

// Sums are the checksums of a SHA256SUMS or SHA512SUMS file, by name. It keeps
// a hash of each name, so that an entry costs the same however long its name.
// It is safe for concurrent use.
type Sums struct {
	sha256 map[nameHash][32]byte
	sha512 map[nameHash][64]byte
}

type nameHash [16]byte

func hashName(name string) nameHash {
	sum := sha256.Sum256([]byte(path.Clean(name)))
	return nameHash(sum[:])
}

// SumsError is a line of a sums file that is none.
type SumsError struct {
	File string
	Line int // from 1
	Err  error
}

// Error names the line as compilers do, file:line.
func (e *SumsError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *SumsError) Unwrap() error { return e.Err }

// maxSumLine bounds a line, in bytes: a name of 4096 with every byte escaped,
// and its sum.
const maxSumLine = 16 << 10

// ParseSums reads a sums file as the GNU and BSD tools write it: "HEX  name",
// "HEX *name", "SHA256 (name) = HEX", with a backslash in front when the name
// has escapes. The algorithm follows from the length of HEX, or is named. Blank
// lines and lines that begin with "#" are skipped. file names it in errors,
// which are *SumsError for what the file says, and otherwise r's own.
func ParseSums(file string, r io.Reader) (*Sums, error) {
	s := &Sums{sha256: map[nameHash][32]byte{}, sha512: map[nameHash][64]byte{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxSumLine)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSuffix(lines.Text(), "\r")
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if err := s.add(line); err != nil {
			return nil, &SumsError{file, number, err}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &SumsError{file, number + 1, fmt.Errorf("longer than %d bytes", maxSumLine)}
	} else if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return s, nil
}

func (s *Sums) add(line string) error {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] == '#' {
		return nil
	}
	name, sum, err := parseSumLine(line)
	if err != nil {
		return err
	}
	raw, err := hex.DecodeString(sum.Hex)
	if err != nil {
		return err
	}
	known := false
	if sum.Algorithm == SHA256 {
		known = put(s.sha256, hashName(name), [32]byte(raw))
	} else {
		known = put(s.sha512, hashName(name), [64]byte(raw))
	}
	if !known {
		return fmt.Errorf("%q has another %s further up", name, sum.Algorithm)
	}
	return nil
}

// put enters value unless another one is there.
func put[T comparable](m map[nameHash]T, key nameHash, value T) bool {
	if old, ok := m[key]; ok {
		return old == value
	}
	m[key] = value
	return true
}

// Len returns the number of checksums.
func (s *Sums) Len() int { return len(s.sha256) + len(s.sha512) }

// Find returns the checksums for an output: those of its path below the output
// folder (which may be empty), else those of the last segment of the URL (which
// may be nil). There is none, one, or one for each algorithm.
func (s *Sums) Find(output string, u *url.URL) []Checksum {
	if output != "" {
		if found := s.named(output); found != nil {
			return found
		}
	}
	if u == nil {
		return nil
	}
	segment := u.EscapedPath()
	segment = segment[strings.LastIndexByte(segment, '/')+1:]
	if plain, err := url.PathUnescape(segment); err == nil {
		segment = plain
	}
	if segment == "" {
		return nil
	}
	return s.named(segment)
}

func (s *Sums) named(name string) (found []Checksum) {
	key := hashName(name)
	if sum, ok := s.sha256[key]; ok {
		found = append(found, Checksum{SHA256, hex.EncodeToString(sum[:])})
	}
	if sum, ok := s.sha512[key]; ok {
		found = append(found, Checksum{SHA512, hex.EncodeToString(sum[:])})
	}
	return found
}
