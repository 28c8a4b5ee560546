package asynccore

import (
	"strings"
	"time"
)

// maxWait is the longest wait this package speaks of: 100 years. The sum of two
// still fits a time.Duration, which ends at 292 years.
const maxWait = 100 * 365 * 24 * time.Hour

// The forms of an HTTP-date (RFC 9110 §5.6.7). "GMT" is spelled out because
// time.RFC850's "MST" takes any zone's name, and then reads it as UTC.
const (
	imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850Date = "Monday, 02-Jan-06 15:04:05 GMT"
	ascTime    = time.ANSIC
)

// ParseRetryAfter returns how long a Retry-After field asks to wait from now on
// (RFC 9110 §10.2.3): delta-seconds, or a date in any of the three HTTP forms.
// The answer is false, and the wait 0, for everything else: garbage, a negative
// number, a date in the past. A wait of more than 100 years, however many
// digits it is written with, is cut to 100 years.
func ParseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.Trim(value, " \t")
	if d, ok := parseDeltaSeconds(value); ok {
		return d, true
	}
	at, ok := parseHTTPDate(value, now)
	if !ok || at.Before(now) {
		return 0, false
	}
	return min(at.Sub(now), maxWait), true // Sub saturates
}

// parseDeltaSeconds reads 1*DIGIT: no sign, no fraction.
func parseDeltaSeconds(s string) (time.Duration, bool) {
	const limit = int64(maxWait / time.Second)
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(10*n+int64(c-'0'), limit)
	}
	return time.Duration(n) * time.Second, s != ""
}

func parseHTTPDate(s string, now time.Time) (time.Time, bool) {
	for _, layout := range []string{imfFixdate, ascTime} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	at, err := time.Parse(rfc850Date, s)
	if err != nil {
		return time.Time{}, false
	}
	return inCentury(at, now)
}

// inCentury gives a date with a two-digit year its century: the latest one that
// is not more than 50 years after now (RFC 9110 §5.6.7). It is false for a
// 29 February which that year does not have.
func inCentury(at, now time.Time) (time.Time, bool) {
	now = now.UTC()
	year := now.Year() - now.Year()%100 + 100 + at.Year()%100
	for {
		t := time.Date(year, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
		if !t.After(now.AddDate(50, 0, 0)) {
			return t, t.Day() == at.Day()
		}
		year -= 100
	}
}
