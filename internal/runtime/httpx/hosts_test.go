package httpx

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

func TestHostsOf(t *testing.T) {
	hosts := NewHosts([]Host{
		{Match: "api.github.com:8443"}, {Match: "*.github.com"}, {Match: "[::1]:80"}, {Match: "[::2]"}, {Match: "10.*"}, {Match: "a*b*c.example"}, {Match: "*:444"},
	})
	for _, tt := range []struct{ url, want string }{
		{"https://api.github.com/x", "*.github.com"},
		{"https://API.GitHub.com:8443/", "api.github.com:8443"},
		{"http://a.b.github.com:99/", "*.github.com"},
		{"https://github.com/", ""},
		{"https://evilgithub.com/", ""},
		{"https://api.github.com.evil.example/", ""},
		{"https://api.github.com./", "*.github.com"},
		{"http://[::1]/", "[::1]:80"},
		{"https://[::1]/", ""},
		{"https://[::2]:5/", "[::2]"},
		{"http://10.1.2.3/", "10.*"},
		{"http://10.example/", "10.*"},
		{"http://abc.example/", "a*b*c.example"},
		{"http://axbxcbc.example/", "a*b*c.example"},
		{"http://ac.example/", ""},
		{"http://u:api.github.com@other.example/", ""},
		{"http://other.example:444/", "*:444"},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for range 2 { // found, then remembered
			got = ""
			if host := hosts.Of(Origin(u)); host != nil {
				got = host.Match
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.url, got, tt.want)
			}
		}
	}
	if NewHosts(nil).Of("http://h:80") != nil {
		t.Error("no hosts, and yet one")
	}
}

// TestGlob compares with the definition: a star is any run of characters.
func TestGlob(t *testing.T) {
	var means func(pattern, s string) bool
	means = func(pattern, s string) bool {
		switch {
		case pattern == "":
			return s == ""
		case pattern[0] == '*':
			return means(pattern[1:], s) || s != "" && means(pattern, s[1:])
		}
		return s != "" && s[0] == pattern[0] && means(pattern[1:], s[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab.*]{0,7}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab.]{0,8}`).Draw(t, "s")
		if glob(pattern, s) != means(pattern, s) {
			t.Fatalf("glob(%q, %q) = %v", pattern, s, glob(pattern, s))
		}
	})
	if glob(strings.Repeat("*a", 5000), strings.Repeat("a", 4999)+"b") {
		t.Error("matched")
	}
}

func TestCheckMatch(t *testing.T) {
	for _, good := range []string{"h", "*", "*.example.com", "h:8080", "[::1]:80", "*:8080", "xn--bcher-kva.example"} {
		if err := CheckMatch(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "https://h", "h/path", "a b", "h\n", "bücher.example", "u@h", "h?", "h\\"} {
		if CheckMatch(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// What is sent to a host's origins goes there alone: a redirect away drops it,
// and one that leads to another origin with headers of its own, or back, brings
// none. A retry begins anew, with all of them.
func TestHostHeader(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards seen
		seen := make(map[string]http.Header)
		lead := func(to string) answer { return answer{status: 302, header: http.Header{"Location": {to}}} }
		w := &world{answer: func(req *http.Request, nth int) answer {
			mu.Lock()
			defer mu.Unlock()
			seen[req.URL.String()] = req.Header
			switch req.URL.Path {
			case "/away":
				return lead("http://two.test/back")
			case "/back":
				return lead("http://one.test/end")
			case "/here":
				return lead("/there")
			case "/again":
				if nth == 1 {
					return answer{status: 503}
				}
			}
			return answer{status: 200}
		}}
		o := defaults()
		o.client.Header = []task.Field{{Name: "X-All", Value: "flag"}, {Name: "X-Both", Value: "flag"}}
		o.client.Hosts = NewHosts([]Host{
			{Match: "one.test", Retry: o.client.Retry, Header: []task.Field{{Name: "Authorization", Value: "for one"}, {Name: "X-Both", Value: "one"}}},
			{Match: "two.test", Header: []task.Field{{Name: "Authorization", Value: "for two"}}},
		})
		run(t, o, w, "http://one.test/away", "http://one.test/here", "http://one.test/again", "http://two.test/direct", "http://three.test/")
		for url, want := range map[string][3]string{ // Authorization, X-Both, X-All
			"http://one.test/away":   {"for one", "one", "flag"},
			"http://two.test/back":   {},
			"http://one.test/end":    {},
			"http://one.test/there":  {"for one", "one", "flag"},
			"http://one.test/again":  {"for one", "one", "flag"},
			"http://two.test/direct": {"for two", "flag", "flag"},
			"http://three.test/":     {"", "flag", "flag"},
		} {
			h, ok := seen[url]
			if got := [3]string{h.Get("Authorization"), h.Get("X-Both"), h.Get("X-All")}; got != want || !ok {
				t.Errorf("%s got %q, want %q", url, got, want)
			}
		}
		if n := len(w.times("http://one.test/again")); n != 2 {
			t.Errorf("%d requests for /again", n)
		}
		o.header = []task.Field{{Name: "authorization", Value: "the line's"}}
		run(t, o, w, "http://one.test/line")
		if got := seen["http://one.test/line"]["Authorization"]; !slices.Equal(got, []string{"the line's"}) {
			t.Errorf("with a header of the line: %q", got)
		}
	})
}

// A host's limits hold for its origins, and only for those.
func TestHostLimits(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, _ int) answer {
			if req.URL.Path == "/bad" {
				return answer{status: 503, after: time.Millisecond}
			}
			return answer{status: 200, after: 100 * time.Millisecond}
		}}
		o := defaults()
		same := Host{PerHost: 6, Failures: 5, Cooldown: time.Minute, Successes: 2, Retry: o.client.Retry}
		one, paced, once := same, same, same
		one.Match, one.PerHost = "one.test", 1
		paced.Match, paced.PerHost, paced.RateHost = "paced.test", 0, asynccore.Rate{Events: 10, Per: time.Second}
		once.Match, once.Retry.Max = "once.test", 0
		o.gate.Hosts = NewHosts([]Host{one, paced, once})
		o.client.Hosts = o.gate.Hosts
		urls := slices.Concat(repeat(10, "http://one.test/%d"), repeat(10, "http://other.test/%d"), repeat(20, "http://paced.test/%d"))
		run(t, o, w, append(urls, "http://once.test/bad", "http://others.test/bad")...)
		if w.highest["http://one.test:80"] != 1 || w.highest["http://other.test:80"] != 6 {
			t.Errorf("in flight at once: %v", w.highest)
		}
		if at := w.times("http://paced.test/"); at[len(at)-1] < time.Second {
			t.Errorf("the last of 20 at 10/s started after %v", at[len(at)-1])
		}
		if once, others := len(w.times("http://once.test/")), len(w.times("http://others.test/")); once != 1 || others != 4 {
			t.Errorf("%d and %d attempts, want 1 and 4", once, others)
		}
	})
}

// The read timeout of an origin is its own, on either transport.
func TestHostReadTimeout(t *testing.T) {
	cfg := Config{ReadTimeout: time.Minute, Hosts: NewHosts([]Host{{Match: "slow.test", ReadTimeout: time.Hour}, {Match: "*.test"}})}
	of := cfg.readTimeouts()
	for raw, want := range map[string]time.Duration{"http://slow.test/": time.Hour, "https://x.test/": 0, "http://h/": time.Minute} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := of(u); got != want {
			t.Errorf("%s: %v, want %v", raw, got, want)
		}
	}
}
