package faultserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStatefulPathsCountByPathAndListener(t *testing.T) {
	s := start(t, Config{Origins: 2})
	c := client(t, s)
	for _, tt := range []struct {
		listener, path string
		want           []int // statuses, 0 for a failure
	}{
		{"origin1", "/flaky/2/a", []int{503, 503, 200, 200}},
		{"origin1", "/flaky/2/b", []int{503, 503, 200}},
		{"origin2", "/flaky/2/a", []int{503, 503, 200}},
		{"origin1", "/flaky/1/a?code=500", []int{500, 200}},
		{"origin1", "/flaky/0/a", []int{200}},
		{H2, "/flaky/1/a", []int{503, 200}},
		{"origin1", "/throttle/a?n=2&after=1", []int{429, 429, 200}},
		{"origin1", "/throttle/b?status=503", []int{503, 200}},
		{"origin1", "/retry-after/503?v=1&n=1", []int{503, 200}},
		{"origin1", "/ratelimit?rps=1&burst=2", []int{200, 200, 429}},
	} {
		t.Run(tt.listener+tt.path, func(t *testing.T) {
			got := statusesOf(t, c, s.URL(tt.listener, tt.path), len(tt.want))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("after Reset", func(t *testing.T) {
		s.Reset()
		if got := statusesOf(t, c, s.URL("origin1", "/flaky/1/a"), 2); !cmp.Equal(got, []int{503, 200}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestResetThenOK(t *testing.T) {
	s := start(t, Config{})
	for _, listener := range []string{Plain, TLS, H2} {
		// POST, since a client repeats a GET on its own.
		c, url := client(t, s), s.URL(listener, "/reset-then-ok/2/a")
		for i := range 3 {
			got := ask(t, c, http.MethodPost, url, "x")
			if failed := got.err != nil; failed != (i < 2) {
				t.Errorf("%s, request %d: %+v", listener, i+1, got)
			}
		}
		if n := s.CountOn(listener, "/reset-then-ok/2/a"); n != 3 {
			t.Errorf("%s: %d requests counted", listener, n)
		}
	}
	if n := s.Count("/reset-then-ok/2/a"); n != 9 {
		t.Errorf("%d requests counted; want 9", n)
	}
}

func TestCommitThenReset(t *testing.T) {
	s := start(t, Config{})
	const path = "/commit-then-reset/a"
	for _, listener := range []string{Plain, H2} {
		got := ask(t, client(t, s), http.MethodPost, s.URL(listener, path), strings.Repeat("x", 100_000))
		if got.err == nil {
			t.Errorf("%s: answered %d", listener, got.status)
		}
	}
	if n := s.Commits(path); n != 2 {
		t.Errorf("%d commits; want 2", n)
	}
	// A request whose body never came whole is not acted upon.
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nshort", path)
	if _, end := talk(t, s, head, 50*time.Millisecond); end != "open" {
		t.Errorf("half a request ended as %s", end)
	}
	if n := s.Commits(path); n != 2 {
		t.Errorf("%d commits after half a request; want 2", n)
	}
}

func TestEcho(t *testing.T) {
	s := start(t, Config{})
	for _, listener := range []string{Plain, TLS, H2} {
		got := ask(t, client(t, s), http.MethodPut, s.URL(listener, "/echo?a=b"), "body", "X-Mine", "1", "X-Mine", "2")
		var e Echo
		if err := json.Unmarshal([]byte(got.body), &e); err != nil {
			t.Fatalf("%s: %v in %q", listener, err, got.body)
		}
		if e.Method != "PUT" || e.Path != "/echo" || e.Query != "a=b" || e.Body != "body" ||
			!cmp.Equal(e.Header["X-Mine"], []string{"1", "2"}) || e.Host != s.Addr(listener) {
			t.Errorf("%s: %+v", listener, e)
		}
	}
}

func TestBytesAndHash(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	for _, n := range []int{0, 1, 7, 8, 9, 65535, 65536, 65537, 1_000_000} {
		got := ask(t, c, http.MethodGet, s.URL(Plain, fmt.Sprintf("/bytes/%d", n)), "")
		sum := sha256.Sum256([]byte(got.body))
		hash := ask(t, c, http.MethodGet, s.URL(Plain, fmt.Sprintf("/hash/%d", n)), "")
		if len(got.body) != n || hash.body != hex.EncodeToString(sum[:]) {
			t.Errorf("%d bytes: got %d with hash %x; /hash says %s", n, len(got.body), sum, hash.body)
		}
	}
}

func TestContentReadsAlikeFromAnywhere(t *testing.T) {
	whole, _ := io.ReadAll(Content("x", 100))
	for from := range 100 {
		part, _ := io.ReadAll(io.NewSectionReader(Content("x", 100), int64(from), 100))
		if string(part) != string(whole[from:]) {
			t.Fatalf("from %d: another content", from)
		}
	}
	if other, _ := io.ReadAll(Content("y", 100)); string(other) == string(whole) {
		t.Error("two ids have one content")
	}
}

func TestOutage(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	get := func(path string) reply { return ask(t, c, http.MethodGet, s.URL(Plain, path), "") }
	set := func(mode string, d time.Duration) {
		t.Helper()
		if err := s.SetOutage(mode, d); err != nil {
			t.Fatal(err)
		}
	}
	if got := get("/outage"); got.status != 200 {
		t.Errorf("before: %+v", got)
	}
	set("503", 0)
	if a, b := get("/outage"), get("/outage/some/path"); a.status != 503 || b.status != 503 {
		t.Errorf("503: %+v, %+v", a, b)
	}
	if got := get("/ok"); got.status != 200 {
		t.Errorf("another path: %+v", got)
	}
	for _, mode := range []string{"reset", "close"} {
		set(mode, 0)
		if got := get("/outage"); got.err == nil {
			t.Errorf("%s: %+v", mode, got)
		}
	}
	set("stall", 0)
	if got, end := talk(t, s, "GET /outage HTTP/1.1\r\nHost: x\r\n\r\n", 50*time.Millisecond); got != "" || end != "open" {
		t.Errorf("stall: %q, %s", got, end)
	}
	set("503", time.Nanosecond)
	time.Sleep(time.Millisecond)
	if got := get("/outage"); got.status != 200 {
		t.Errorf("after its time: %+v", got)
	}
	for _, mode := range []string{"nonsense", "100", "1000"} {
		if err := s.SetOutage(mode, 0); err == nil {
			t.Errorf("mode %q was taken", mode)
		}
	}
}

func TestBucket(t *testing.T) {
	begin := time.Unix(0, 0)
	b := &bucket{tokens: 2, at: begin}
	for i, tt := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true}, {0, true}, {0, false},
		{99 * time.Millisecond, false}, {100 * time.Millisecond, true}, {100 * time.Millisecond, false},
		{time.Hour, true}, {time.Hour, true}, {time.Hour, false}, // never more than it holds
	} {
		if got := b.take(begin.Add(tt.after), 10, 2); got != tt.want {
			t.Errorf("step %d: take = %v", i, got)
		}
	}
}

func TestThrottleOfAnOriginIsFeltByAllItsPathsOnce(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Origins: 2})
	c := client(t, s)
	get := func(listener, path string) reply {
		return ask(t, c, http.MethodGet, s.URL(listener, path+"?scope=origin&after=1"), "")
	}
	first := get("origin1", "/throttle/a")
	begun := time.Now()
	if first.status != 429 || first.header.Get("Retry-After") != "1" {
		t.Fatalf("first: %+v", first)
	}
	if got := get("origin1", "/throttle/b"); got.status != 429 {
		t.Errorf("another path: %+v", got)
	}
	time.Sleep(time.Until(begun.Add(time.Second)))
	for _, path := range []string{"/throttle/a", "/throttle/b", "/throttle/c"} {
		if got := get("origin1", path); got.status != 200 {
			t.Errorf("%s afterwards: %+v", path, got)
		}
	}
}

func TestStateUnderConcurrency(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	var (
		mu    sync.Mutex // guards count
		count = make(map[int]int)
		all   sync.WaitGroup
	)
	for range 50 {
		all.Go(func() {
			got := ask(t, c, http.MethodGet, s.URL(Plain, "/flaky/20/a"), "")
			mu.Lock()
			defer mu.Unlock()
			count[got.status]++
		})
	}
	all.Wait()
	if want := map[int]int{503: 20, 200: 30}; !cmp.Equal(count, want) {
		t.Errorf("got %v; want %v", count, want)
	}
}
