//go:build unix

package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
)

// source is a well-behaved server of bodies that follow from their number: what
// a program that is killed and starved is to have at its end. The body of /i is
// body(i).
type source struct {
	*httptest.Server
	delay  atomic.Int64 // nanoseconds before an answer
	flight atomic.Int64 // requests that are being answered
	before atomic.Pointer[func(i int)]

	mu   sync.Mutex // guards what follows
	seen map[int]int
	all  int
}

func newSource(t *testing.T) *source {
	s := &source{seen: make(map[int]int)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.flight.Add(1)
	defer s.flight.Add(-1)
	i, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	s.seen[i]++
	s.all++
	s.mu.Unlock()
	if fn := s.before.Load(); fn != nil {
		(*fn)(i)
	}
	if d := time.Duration(s.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
	b := body(i)
	w.Header().Set("Content-Length", strconv.FormatInt(b.Size(), 10))
	_, _ = io.Copy(w, b) // the client may be gone
}

// body is up to 20 kB long.
func body(i int) *io.SectionReader {
	return faultserver.Content(strconv.Itoa(i), int64(i*7919%20_000))
}

func (s *source) url(i int) string { return s.URL + "/" + strconv.Itoa(i) }

// requests returns how many there have been for each number.
func (s *source) requests() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen)
}

func (s *source) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// number returns which body a URL of the source is for.
func (s *source) number(t *testing.T, url string) int {
	t.Helper()
	i, err := strconv.Atoi(url[len(s.URL)+1:])
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// sameAsSource fails the test unless the file holds body(i).
func sameAsSource(t *testing.T, name string, i int) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(body(i))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes that are not the %d of its source", filepath.Base(name), len(got), len(want))
	}
}
