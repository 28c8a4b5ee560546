package asynccore

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of events in a time, written "10/s", "100/m" or "5/15s". A
// Rate with Events or Per of 0 or less, the zero value too, is no limit.
type Rate struct {
	Events int
	Per    time.Duration
}

// ParseRate reads a Rate. What follows the slash is a unit (ms, s, m, h) or one
// of Go's durations, which always has a unit. Both parts must be above 0.
func ParseRate(s string) (Rate, error) {
	events, per, ok := strings.Cut(s, "/")
	if !ok || per == "" {
		return Rate{}, fmt.Errorf("rate %q: want a number and a time, such as 10/s", s)
	}
	n, err := strconv.Atoi(events)
	if err != nil || n <= 0 || !startsWithDigit(events) {
		return Rate{}, fmt.Errorf("rate %q: %q is not a whole number above 0", s, events)
	}
	switch per {
	case "ms", "s", "m", "h":
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 || !startsWithDigit(per) {
		return Rate{}, fmt.Errorf("rate %q: %q is not a unit (ms, s, m, h) or a duration such as 15s", s, per)
	}
	return Rate{Events: n, Per: d}, nil
}

func startsWithDigit(s string) bool { return s[0] >= '0' && s[0] <= '9' }

// String returns the Rate as ParseRate reads it, or "unlimited".
func (r Rate) String() string {
	if r.unlimited() {
		return "unlimited"
	}
	per := r.Per.String()
	switch r.Per {
	case time.Millisecond, time.Second:
		per = strings.TrimPrefix(per, "1")
	case time.Minute:
		per = "m"
	case time.Hour:
		per = "h"
	}
	return strconv.Itoa(r.Events) + "/" + per
}

// Burst returns how many events may come at once after a pause: a tenth of a
// second's worth, rounded down, and at least 1. So "5/s" is evenly spaced, and
// a fast limit needs no timer finer than a tenth of a second.
func (r Rate) Burst() int {
	if r.unlimited() {
		return math.MaxInt32
	}
	return int(min(max(r.perSecond()/10, 1), math.MaxInt32))
}

func (r Rate) unlimited() bool { return r.Events <= 0 || r.Per <= 0 }

func (r Rate) perSecond() float64 { return float64(r.Events) / r.Per.Seconds() }
