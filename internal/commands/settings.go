package commands

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// settingsFlags are the flags that fetch and batch share, and what is made of
// them: ops.Settings.
type settingsFlags struct {
	s ops.Settings

	method, json, userAgent, jitter string
	headers, data                   []string
	head                            bool
	deadline                        time.Duration
	redirects                       []string
	net                             networkFlags

	entries      hostsValue
	pinned       func(flag string) bool // given on the command line or in the environment
	givenHeaders []string               // names in headers
}

// The statuses that are retried and that are wanted, unless flags say otherwise.
const (
	defaultRetryOn = "408,425,429,500,502,503,504,520-524"
	defaultExpect  = "2xx"
)

func (f *settingsFlags) request(g *group) {
	g.in("Request")
	g.StringVarP(&f.method, "request", "X", "", "request `METHOD` (GET, or POST with a body)")
	g.StringArrayVarP(&f.headers, "header", "H", nil, "header `'K: V'`, or @FILE with one a line; repeatable")
	g.StringArrayVarP(&f.data, "data", "d", nil, "body `STR`, @FILE or @- (stdin); POST if no -X; repeated ones are joined by &")
	g.StringVar(&f.json, "json", "", "body `STR`, @FILE or @- as JSON, with its Content-Type and Accept")
	g.BoolVarP(&f.head, "head", "I", false, "ask for the headers only (HEAD)")
	g.StringVarP(&f.userAgent, "user-agent", "A", "", "User-Agent `NAME` (specify/VERSION)")
	g.BoolVar(&f.s.NoLocation, "no-location", false, "do not follow redirects")
	g.IntVar(&f.s.MaxRedirects, "max-redirs", 10, "follow at most `N` redirects")
	g.StringSliceVar(&f.redirects, "proto-redir", nil, "schemes a redirect may lead to, as `LIST`; by default https stays https")
	f.s.MaxFilesize = 10 << 30
	g.Var((*sizeValue)(&f.s.MaxFilesize), "max-filesize", "give up on a body longer than `SIZE`, decoded")
}

func (f *settingsFlags) time(g *group) {
	g.in("Time (90s, 1m30s, or a number of seconds)")
	f.s.ConnectTimeout, f.s.ReadTimeout = 10*time.Second, 30*time.Second
	g.Var((*durationValue)(&f.s.ConnectTimeout), "connect-timeout", "name look-up, dial and TLS together")
	g.Var((*durationValue)(&f.s.ReadTimeout), "read-timeout", "longest silence, before the headers and within the body")
	g.VarP((*durationValue)(&f.s.MaxTime), "max-time", "m", "longest time of one attempt (none)")
	g.Var((*durationValue)(&f.deadline), "deadline", "end the whole run after this long (none)")
}

func (f *settingsFlags) retry(g *group) {
	f.backoff(g)
	g.status(&f.s.RetryOn, "retry-on", defaultRetryOn, "statuses that are tried again, as `LIST`")
	g.BoolVar(&f.s.RetryAll, "retry-all-errors", false, "try again after any error that may pass")
	g.BoolVar(&f.s.RetryUnsafe, "retry-unsafe", false, "try POST and PATCH again too")
}

// backoff are the flags that say how often and after what pauses to try again.
func (f *settingsFlags) backoff(g *group) {
	g.in("Retry")
	f.s.Retry = asynccore.RetryPolicy{Factor: 2, Base: time.Second, Cap: 30 * time.Second, MaxTime: 5 * time.Minute}
	f.jitter = "full"
	g.IntVar(&f.s.Retry.Max, "retry", 3, "try again at most `N` times")
	g.Var((*durationValue)(&f.s.Retry.Base), "retry-delay", "first pause; doubles each time")
	g.Var(&choiceValue{&f.jitter, []string{"full", "none"}}, "retry-jitter", "spread pauses at random between 0 and their length")
	g.Var((*durationValue)(&f.s.Retry.Cap), "retry-max-delay", "longest pause")
	g.Var((*durationValue)(&f.s.Retry.MaxTime), "retry-max-time", "longest time of a task, pauses included")
}

func (f *settingsFlags) policy() asynccore.RetryPolicy {
	p := f.s.Retry
	if f.jitter == "none" {
		p.Jitter = asynccore.JitterNone
	}
	return p
}

func (f *settingsFlags) breaker(g *group) {
	g.in("Circuit breaker, for each origin")
	f.s.BreakerCooldown = time.Minute
	g.IntVar(&f.s.BreakerFailures, "breaker-failures", 5, "open after `N` failures in a row; 0 is off")
	g.Var((*durationValue)(&f.s.BreakerCooldown), "breaker-cooldown", "longest cooldown; the first is 1s and each failed round doubles it")
	g.IntVar(&f.s.BreakerSuccesses, "breaker-successes", 2, "close after `N` successes")
}

func (f *settingsFlags) pace(g *group) {
	g.in("Pace")
	g.IntVarP(&f.s.Jobs, "jobs", "j", 32, "attempts in flight at once")
	g.IntVar(&f.s.PerHost, "per-host", 6, "of them, to one origin")
	g.Var((*rateValue)(&f.s.Rate), "rate", "start at most so many attempts (10/s, 100/m, 5/15s)")
	g.Var((*rateValue)(&f.s.RateHost), "rate-host", "the same for each origin")
}

func (f *settingsFlags) cache(g *group) {
	g.StringVar(&f.s.Cache, "cache", "", "keep bodies in folder `D` too; fetch again only what has changed since")
}

func (f *settingsFlags) verdict(g *group) {
	g.in("Verdict")
	g.status(&f.s.Expect, "expect", defaultExpect, "statuses that are ok, as `LIST` (200,204,3xx)")
}

// curlHabits are flags of curl that change nothing, because they are the
// default here.
func curlHabits(fs *pflag.FlagSet) {
	for _, name := range []string{"fail:f", "show-error:S", "location:L", "parallel:Z", "compressed:"} {
		long, short, _ := strings.Cut(name, ":")
		fs.BoolP(long, short, false, "accepted for curl's sake; always so")
		_ = fs.MarkHidden(long) // the flag was just made
	}
}

// settings is what the flags say, checked. read reads a file that a flag names,
// "-" being standard input.
func (f *settingsFlags) settings(read func(name string) ([]byte, error), version string) (ops.Settings, error) {
	s := f.s
	if f.deadline > 0 {
		s.Deadline = time.Now().Add(f.deadline)
	}
	s.Retry = f.policy()
	s.ProtoRedir = f.redirects
	if err := f.net.settings(&s.Network, read); err != nil {
		return s, err
	}
	if f.userAgent == "" {
		f.userAgent = "specify/" + version
	}
	if err := ops.CheckField("User-Agent", f.userAgent); err != nil {
		return s, fmt.Errorf("--user-agent: %w", err)
	}
	s.Header = append(s.Header, task.Field{Name: "User-Agent", Value: f.userAgent})
	if err := f.body(&s, read); err != nil {
		return s, err
	}
	if err := f.header(&s, read); err != nil {
		return s, err
	}
	if err := ops.CheckMethod(f.method); err != nil {
		return s, fmt.Errorf("--request: %w", err)
	}
	s.Method = f.method
	if f.head {
		if f.method != "" || s.Body != nil {
			return s, fmt.Errorf("--head goes neither with --request nor with a body")
		}
		s.Method = "HEAD"
	}
	s.Hosts = f.hosts(s)
	return s, nil
}

// body reads -d and --json as curl does: -d @FILE loses its line ends, --json
// does not, and repeated -d are joined by &.
func (f *settingsFlags) body(s *ops.Settings, read func(string) ([]byte, error)) error {
	if f.json != "" {
		if f.data != nil {
			return fmt.Errorf("--json and --data: only one body can be sent")
		}
		body, err := literalOrFile(f.json, read)
		if err != nil {
			return fmt.Errorf("--json: %w", err)
		}
		s.Body, s.ContentType = body, "application/json"
		s.Header = append(s.Header, task.Field{Name: "Accept", Value: "application/json"})
		return nil
	}
	for i, data := range f.data {
		part, err := literalOrFile(data, read)
		if err != nil {
			return fmt.Errorf("--data: %w", err)
		}
		if strings.HasPrefix(data, "@") {
			part = bytes.ReplaceAll(bytes.ReplaceAll(part, []byte("\r"), nil), []byte("\n"), nil)
		}
		if i > 0 {
			s.Body = append(s.Body, '&')
		}
		s.Body = append(s.Body, part...)
	}
	if f.data != nil {
		if s.Body == nil {
			s.Body = []byte{}
		}
		s.ContentType = "application/x-www-form-urlencoded"
	}
	return nil
}

func literalOrFile(arg string, read func(string) ([]byte, error)) ([]byte, error) {
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		return read(name)
	}
	return []byte(arg), nil
}

// header reads -H: "K: V" sets, "K:" takes a default off, @FILE holds one a
// line.
func (f *settingsFlags) header(s *ops.Settings, read func(string) ([]byte, error)) error {
	for _, arg := range f.headers {
		text, err := literalOrFile(arg, read)
		if err != nil {
			return fmt.Errorf("--header: %w", err)
		}
		lines := [][]byte{text}
		if strings.HasPrefix(arg, "@") {
			lines = bytes.Split(text, []byte("\n"))
		}
		for _, line := range lines {
			line = bytes.TrimRight(line, "\r")
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			name, value, ok := strings.Cut(string(line), ":")
			if !ok {
				return errors.New("--header: not of the form 'Name: value' (not shown: it may be a secret)")
			}
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if err := ops.CheckField(name, value); err != nil {
				return fmt.Errorf("--header: %w", err)
			}
			f.givenHeaders = append(f.givenHeaders, name)
			s.Header = append(s.Header, task.Field{Name: name, Value: value})
		}
	}
	return nil
}
