package ops

import (
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// Settings is how requests are made: what the flags of fetch and batch have in
// common. Durations of 0 are no limit.
type Settings struct {
	Method      string
	Header      []task.Field // an empty value takes a field of ours off
	Body        []byte       // nil is none
	ContentType string       // of Body, unless Header says otherwise

	ShowHeader   bool // the answer's header section goes before its body
	NoLocation   bool
	MaxRedirects int
	ProtoRedir   []string // schemes a redirect may lead to; nil is never weaker than the URL
	MaxFilesize  int64    // bytes, after decoding; 0 is no limit

	ConnectTimeout time.Duration // look-up, dial and TLS
	ReadTimeout    time.Duration // without a byte
	MaxTime        time.Duration // one attempt

	Network

	Retry       asynccore.RetryPolicy
	RetryOn     task.StatusSet
	RetryAll    bool
	RetryUnsafe bool

	BreakerFailures  int // consecutive; 0 is off
	BreakerCooldown  time.Duration
	BreakerSuccesses int
	GivenUpFor       time.Duration // after it an origin that was given up begins anew; 0 is never

	Jobs     int // attempts in flight
	PerHost  int // of them, to one origin
	Rate     asynccore.Rate
	RateHost asynccore.Rate

	Hosts []Host // of which the first that matches an origin holds there in place of the above
	Cache string // folder of bodies that earlier runs have kept; empty is none

	Expect   task.StatusSet
	Deadline time.Time // of the run; zero is none

	Tell Teller
}

// Host is what holds for some hosts.
type Host = httpx.Host

// CheckHostMatch reports what is wrong with a Host's pattern.
func CheckHostMatch(pattern string) error { return httpx.CheckMatch(pattern) }

// Teller takes messages for a person. It is safe for concurrent use.
type Teller interface {
	Warn(format string, args ...any)   // what the user should know in any case
	Detail(format string, args ...any) // what only who asked for it wants to know
}

// Connection is what a run makes its requests through.
type Connection struct {
	Fetcher Fetcher
	Gate    Gate
	Jobs    int    // attempts in flight that this machine has descriptors for: Settings.Jobs or fewer
	Close   func() // drops idle connections
}

// Connect makes the Connection that settings describe.
type Connect func(Settings) (Connection, error)

// apply fills in what the flags say of a task that its line left open.
func (s *Settings) apply(t *task.Task) {
	if t.Exec != nil || t.Invalid != nil {
		return
	}
	if t.Method == "" {
		t.Method = s.Method
	}
	if t.Body == nil && t.BodyFile == "" {
		t.Body = s.Body
	}
}
