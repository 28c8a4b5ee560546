package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// entities is a server of bodies with validators, which counts what it is asked
// for.
type entities struct {
	*httptest.Server
	control atomic.Value // Cache-Control of all answers
	version atomic.Int64 // of all entities

	whole, unchanged, sent atomic.Int64 // answers 200, answers 304, bytes of bodies
}

func newEntities(t *testing.T) *entities {
	s := &entities{}
	s.control.Store("")
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *entities) text(path string, version int64) string {
	return strings.Repeat(fmt.Sprintf("%s version %d\n", path, version), 20)
}

func (s *entities) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version := s.version.Load()
	tag := fmt.Sprintf(`"%s-%d"`, r.URL.Path, version)
	w.Header().Set("ETag", tag)
	if control := s.control.Load().(string); control != "" {
		w.Header().Set("Cache-Control", control)
	}
	if r.Header.Get("If-None-Match") == tag {
		s.unchanged.Add(1)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.whole.Add(1)
	n, _ := w.Write([]byte(s.text(r.URL.Path, version))) // the client may be gone
	s.sent.Add(int64(n))
}

// asked returns what there was since the last call.
func (s *entities) asked() (whole, unchanged, sent int64) {
	return s.whole.Swap(0), s.unchanged.Swap(0), s.sent.Swap(0)
}

// cacheRun is a batch over a list with --cache.
type cacheRun struct {
	s         *entities
	dir, list string
	n         int
}

func newCacheRun(t *testing.T, n int) *cacheRun {
	c := &cacheRun{s: newEntities(t), dir: t.TempDir(), n: n}
	c.list = filepath.Join(c.dir, "list")
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "%s/%d\tf%d\n", c.s.URL, i, i)
	}
	if err := os.WriteFile(c.list, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// run returns how many records there are of each outcome, and the sum of their
// attempts. All outputs must be in place with the bytes of now.
func (c *cacheRun) run(t *testing.T, args ...string) (outcomes map[task.Outcome]int, attempts int) {
	t.Helper()
	results := filepath.Join(t.TempDir(), "out")
	args = append([]string{"batch", "-i", c.list, "-r", results, "--cache", filepath.Join(c.dir, "cache"), "--output-dir", filepath.Join(c.dir, "out"), "--per-host", "32"}, args...)
	stderr, status := specify(t, nil, args...)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	t.Log(strings.TrimSpace(stderr))
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := essence(string(text)); err != nil { // checks the schema
		t.Fatal(err)
	}
	outcomes = map[task.Outcome]int{}
	for line := range strings.Lines(string(text)) {
		var r task.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Output == nil || r.Output.Bytes == 0 || r.Output.SHA256 == "" {
			t.Fatalf("no output: %s", line)
		}
		outcomes[r.Outcome]++
		attempts += r.Attempts
	}
	for i := range c.n {
		got, err := os.ReadFile(filepath.Join(c.dir, "out", fmt.Sprintf("f%d", i)))
		if err != nil || string(got) != c.s.text(fmt.Sprintf("/%d", i), c.s.version.Load()) {
			t.Fatalf("output %d: %q, %v", i, got, err)
		}
	}
	return outcomes, attempts
}

// A second run over a thousand URLs that have not changed transfers no body;
// outputs that are gone are there again. What has changed is fetched.
func TestCacheUnchanged(t *testing.T) {
	const n = 1000
	c := newCacheRun(t, n)
	got, _ := c.run(t)
	if whole, unchanged, _ := c.s.asked(); got[task.OK] != n || whole != n || unchanged != 0 {
		t.Fatalf("first run: %v, %d whole, %d unchanged", got, whole, unchanged)
	}
	for i := range n / 2 {
		if err := os.Remove(filepath.Join(c.dir, "out", fmt.Sprintf("f%d", 2*i))); err != nil {
			t.Fatal(err)
		}
	}
	got, attempts := c.run(t)
	whole, unchanged, sent := c.s.asked()
	if got[task.NotModified] != n || attempts != n || whole != 0 || unchanged != n || sent != 0 {
		t.Errorf("second run: %v, %d attempts, %d whole, %d unchanged, %d bytes", got, attempts, whole, unchanged, sent)
	}
	c.s.version.Add(1)
	got, _ = c.run(t)
	if whole, unchanged, _ := c.s.asked(); got[task.OK] != n || whole != n || unchanged != 0 {
		t.Errorf("after a change: %v, %d whole, %d unchanged", got, whole, unchanged)
	}
	checkPrivate(t, filepath.Join(c.dir, "cache"))
}

// While copies are fresh there is no request at all.
func TestCacheFresh(t *testing.T) {
	const n = 1000
	c := newCacheRun(t, n)
	c.s.control.Store("max-age=3600")
	c.run(t)
	c.s.asked()
	if err := os.RemoveAll(filepath.Join(c.dir, "out")); err != nil {
		t.Fatal(err)
	}
	got, attempts := c.run(t)
	if whole, unchanged, _ := c.s.asked(); got[task.NotModified] != n || attempts != 0 || whole+unchanged != 0 {
		t.Errorf("%v, %d attempts, %d requests", got, attempts, whole+unchanged)
	}
	// --inline-body has the copy's bytes, too
	stderr, status := specify(t, nil, "batch", c.s.URL+"/1", "--cache", filepath.Join(c.dir, "cache"), "--inline-body", "-r", filepath.Join(c.dir, "inline"))
	text, err := os.ReadFile(filepath.Join(c.dir, "inline"))
	if want := `"body":"/1 version 0\n/1 version 0\n`; status != 0 || err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), `"not_modified"`) {
		t.Errorf("exit status %d, %s, record %.900s", status, stderr, text)
	}
}

// Nothing that was done to the cache's files is trusted: what is damaged is
// fetched anew.
func TestCacheDamaged(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"truncated": func(data []byte) []byte { return data[:len(data)/2] },
		"empty":     func([]byte) []byte { return nil },
		"flipped":   func(data []byte) []byte { data[len(data)/2] ^= 1; return data },
		"appended":  func(data []byte) []byte { return append(data, 'x') },
		"foreign":   func([]byte) []byte { return []byte(`{"size":1,"sha256":"00"}`) },
	} {
		for _, control := range []string{"", "max-age=3600"} {
			t.Run(name+" "+control, func(t *testing.T) {
				const n = 10
				c := newCacheRun(t, n)
				c.s.control.Store(control)
				c.run(t)
				c.s.asked()
				i := 0
				each(t, filepath.Join(c.dir, "cache"), func(path string, _ fs.DirEntry) {
					if i++; i%2 == 0 && name != "foreign" || name == "foreign" && strings.HasSuffix(path, ".json") {
						data, err := os.ReadFile(path)
						if err == nil {
							err = os.WriteFile(path, damage(data), 0o600)
						}
						if err != nil {
							t.Fatal(err)
						}
					}
				})
				got, _ := c.run(t)
				whole, _, _ := c.s.asked()
				if got[task.OK] == 0 || whole != int64(got[task.OK]) || got[task.OK]+got[task.NotModified] != n {
					t.Errorf("%v, %d whole", got, whole)
				}
				if got, _ = c.run(t); got[task.NotModified] != n {
					t.Errorf("once more: %v", got)
				}
			})
		}
	}
}

// Processes that share a cache, while what they fetch changes, leave nothing
// behind that is not right.
func TestCacheShared(t *testing.T) {
	c := newCacheRun(t, 50)
	stop := make(chan struct{})
	var changes sync.WaitGroup
	changes.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				c.s.version.Store(1 - c.s.version.Load())
			}
		}
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range scale(3, 20) {
				stderr, status := specify(t, nil, "batch", "-i", c.list, "-r", filepath.Join(t.TempDir(), "out"),
					"--cache", filepath.Join(c.dir, "cache"), "--output-dir", t.TempDir())
				if status != 0 || strings.Contains(stderr, "warning") {
					t.Errorf("exit status %d: %s", status, stderr)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	changes.Wait()
	c.run(t) // checks the outputs
	if got, _ := c.run(t); got[task.NotModified] != c.n {
		t.Errorf("%v", got)
	}
}

// checkPrivate checks that nobody else may look into the cache.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	files := 0
	each(t, dir, func(path string, entry fs.DirEntry) {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		files++
	})
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 || files != 2000 {
		t.Errorf("%d files below %s: %v, %v", files, dir, info.Mode(), err)
	}
}

func each(t *testing.T, dir string, fn func(path string, entry fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			fn(path, entry)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
