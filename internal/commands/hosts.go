package commands

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// hostKeys are the settings that an entry of the list "hosts" may hold, and how
// each gets from the flags of the entry into what holds for its hosts.
var hostKeys = map[string]func(h *ops.Host, entry *ops.Settings){
	"per-host":          func(h *ops.Host, e *ops.Settings) { h.PerHost = e.PerHost },
	"rate-host":         func(h *ops.Host, e *ops.Settings) { h.RateHost = e.RateHost },
	"read-timeout":      func(h *ops.Host, e *ops.Settings) { h.ReadTimeout = e.ReadTimeout },
	"max-time":          func(h *ops.Host, e *ops.Settings) { h.MaxTime = e.MaxTime },
	"retry":             func(h *ops.Host, e *ops.Settings) { h.Retry.Max = e.Retry.Max },
	"retry-delay":       func(h *ops.Host, e *ops.Settings) { h.Retry.Base = e.Retry.Base },
	"retry-max-delay":   func(h *ops.Host, e *ops.Settings) { h.Retry.Cap = e.Retry.Cap },
	"retry-max-time":    func(h *ops.Host, e *ops.Settings) { h.Retry.MaxTime = e.Retry.MaxTime },
	"breaker-failures":  func(h *ops.Host, e *ops.Settings) { h.Failures = e.BreakerFailures },
	"breaker-cooldown":  func(h *ops.Host, e *ops.Settings) { h.Cooldown = e.BreakerCooldown },
	"breaker-successes": func(h *ops.Host, e *ops.Settings) { h.Successes = e.BreakerSuccesses },
}

// hostsValue is the list "hosts", which only the configuration file can hold. It
// is a hidden flag, so that it goes the way of all settings.
type hostsValue struct {
	entries []*hostEntry
	asIs    bool // the entries are to be shown, not used
}

// hostEntry is one entry, as the file has it.
type hostEntry struct {
	match, place string
	own          settingsFlags
	flags        *pflag.FlagSet // over own; those that count are Changed
	headers      []hostHeader
}

type hostHeader struct{ name, written, value string }

func (v *hostsValue) Type() string   { return "hosts" }
func (v *hostsValue) String() string { return "" }
func (v *hostsValue) Set(string) error {
	return errors.New("a list that only the configuration file can hold")
}

// Expand reports that what ${NAME} stands for is needed.
func (v *hostsValue) Expand() bool { return !v.asIs }

// Begin begins an entry and returns the flags that it may hold.
func (v *hostsValue) Begin(match, place string) (*pflag.FlagSet, error) {
	if err := ops.CheckHostMatch(match); err != nil {
		return nil, err
	}
	e := &hostEntry{match: match, place: place, flags: pflag.NewFlagSet("hosts", pflag.ContinueOnError)}
	all := groups(pflag.NewFlagSet("", pflag.ContinueOnError))
	e.own.pace(all)
	e.own.time(all)
	e.own.backoff(all)
	e.own.breaker(all)
	e.flags.SortFlags = false
	bounded(all.FlagSet)
	all.VisitAll(func(f *pflag.Flag) {
		if hostKeys[f.Name] != nil {
			e.flags.AddFlag(f)
		}
	})
	v.entries = append(v.entries, e)
	return e.flags, nil
}

// Header adds a header to the latest entry.
func (v *hostsValue) Header(name, written, value string) {
	e := v.entries[len(v.entries)-1]
	e.headers = append(e.headers, hostHeader{name, written, value})
}

// hostList makes the flag that the entries come in by. They give way to flags
// and to the environment, as origin tells.
func (f *settingsFlags) hostList(g *group, origin func(*pflag.Flag) (place string, pinned bool)) {
	g.Var(&f.entries, "hosts", "settings of some hosts")
	_ = g.MarkHidden("hosts") // the flag was just made
	f.pinned = func(name string) bool {
		fl := g.Lookup(name)
		if fl == nil {
			return false
		}
		_, pinned := origin(fl)
		return pinned
	}
}

// hosts is what the entries make of the settings s for their hosts.
func (f *settingsFlags) hosts(s ops.Settings) []ops.Host {
	var list []ops.Host
	for _, e := range f.entries.entries {
		h := ops.Host{
			Match: e.match, PerHost: s.PerHost, RateHost: s.RateHost,
			Failures: s.BreakerFailures, Cooldown: s.BreakerCooldown, Successes: s.BreakerSuccesses,
			Retry: s.Retry, MaxTime: s.MaxTime, ReadTimeout: s.ReadTimeout,
		}
		e.flags.Visit(func(fl *pflag.Flag) {
			if fl.Changed {
				hostKeys[fl.Name](&h, &e.own.s)
			}
		})
		for _, header := range e.headers {
			if !f.gives(header.name) {
				h.Header = append(h.Header, task.Field{Name: header.name, Value: header.value})
			}
		}
		list = append(list, h)
	}
	return list
}

// headerFlags are flags that stand for a header.
var headerFlags = map[string]string{"user-agent": "User-Agent", "user": "Authorization", "bearer-file": "Authorization"}

// gives reports whether a flag that goes over the hosts entries says what the
// header is.
func (f *settingsFlags) gives(header string) bool {
	for flag, name := range headerFlags {
		if strings.EqualFold(name, header) && f.pinned(flag) {
			return true
		}
	}
	if !f.pinned("header") {
		return false
	}
	for _, given := range f.givenHeaders {
		if strings.EqualFold(given, header) {
			return true
		}
	}
	return false
}
