package httpx

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// Host is what the origins of some hosts are held to, and what they are sent,
// in place of what Config and GateConfig say for all others. All fields count:
// zero is no limit, not "as for the others".
type Host struct {
	Match string // which hosts: see CheckMatch

	PerHost   int
	RateHost  asynccore.Rate
	Failures  int
	Cooldown  time.Duration
	Successes int

	Retry       asynccore.RetryPolicy // of tasks whose URL is there
	MaxTime     time.Duration         // likewise
	ReadTimeout time.Duration

	// Header goes over the Config's and under the line's, on requests that a
	// task's URL asks for: no redirect brings it to another origin.
	Header []task.Field
}

// CheckMatch reports what is wrong with a pattern of hosts: a host, or
// HOST:PORT, in which * stands for any run of characters, dots too. So
// "*.example.com" is every host below example.com but not that one itself, and
// a pattern without a port is for all ports.
func CheckMatch(pattern string) error {
	switch {
	case pattern == "":
		return errors.New("no host")
	case strings.Contains(pattern, "://"):
		return errors.New("not a URL: a host or host:port, in which * stands for anything")
	case strings.ContainsAny(pattern, "/@?#\\") || strings.ContainsFunc(pattern, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("not a host or host:port, in which * stands for anything; names beyond ASCII are written as xn--")
	}
	return nil
}

// Hosts finds the Host of an origin. It is safe for concurrent use; nil has
// none.
type Hosts struct {
	list []Host

	mu    sync.Mutex       // guards found
	found map[string]*Host // by origin; nil for one that none matches
}

// NewHosts returns the Hosts of a list, of which the first match wins; nil for
// an empty one.
func NewHosts(list []Host) *Hosts {
	if len(list) == 0 {
		return nil
	}
	return &Hosts{list: list, found: make(map[string]*Host)}
}

// Of returns the Host of an origin as Origin gives it, nil for one that none
// matches.
func (h *Hosts) Of(origin string) *Host {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	host, known := h.found[origin]
	if !known {
		if len(h.found) >= maxOrigins {
			clear(h.found)
		}
		host = h.find(origin)
		h.found[origin] = host
	}
	return host
}

func (h *Hosts) find(origin string) *Host {
	_, hostport, _ := strings.Cut(origin, "://")
	port := strings.LastIndexByte(hostport, ':') // Origin always has one
	name := strings.TrimSuffix(hostport[:max(0, port)], ".")
	for i := range h.list {
		pattern := strings.ToLower(h.list[i].Match)
		subject := name
		if hasPort(pattern) {
			subject = name + hostport[max(0, port):]
		}
		if glob(pattern, subject) {
			return &h.list[i]
		}
	}
	return nil
}

// perHost is the largest PerHost of all, at least n; 0 is no limit and so the
// largest.
func (h *Hosts) perHost(n int) int {
	if h == nil || n == 0 {
		return n
	}
	for i := range h.list {
		if h.list[i].PerHost == 0 {
			return 0
		}
		n = max(n, h.list[i].PerHost)
	}
	return n
}

// hasPort tells host:port and [v6]:port from host and [v6].
func hasPort(pattern string) bool {
	return strings.LastIndexByte(pattern, ':') > strings.LastIndexByte(pattern, ']')
}

// glob reports whether s is what the pattern says, * being any run of
// characters, in time proportional to the product of their lengths.
func glob(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part) // the first place is as good as any: what follows may begin later
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], next
	}
}

// forURL is the Host for a task with that URL: credentials in the URL go over
// the Host's.
func (h *Host) forURL(u *url.URL) *Host {
	if h == nil || u.User == nil {
		return h
	}
	own := *h
	own.Header = slices.DeleteFunc(slices.Clone(h.Header), func(f task.Field) bool { return strings.EqualFold(f.Name, "Authorization") })
	return &own
}

// of returns what cfg is for the origins of a host.
func (cfg GateConfig) of(host *Host) *GateConfig {
	cfg.PerHost, cfg.RateHost = host.PerHost, host.RateHost
	cfg.Failures, cfg.Cooldown, cfg.Successes = host.Failures, host.Cooldown, host.Successes
	cfg.Retries, cfg.LongestWait = host.Retry.Max > 0, host.Retry.MaxTime
	cfg.ceiling()
	return &cfg
}
