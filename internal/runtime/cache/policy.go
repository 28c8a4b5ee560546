package cache

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fields returns the value of a field, its lines joined by commas, and "" for
// one that is not there.
type Fields func(name string) string

// New describes a copy of a 200 answer: got are its fields, sent those of the
// request that a user may choose, asked is when it was requested. It reports
// false for an answer that may not be kept (RFC 9111 §3: no-store, Vary: *), or
// that would be of no use: it is not fresh for any time, and nothing could be
// asked about it.
func New(got, sent Fields, asked, now time.Time) (Entry, bool) {
	e := Entry{ContentType: got("Content-Type")}
	ok := e.merge(got, asked, now)
	e.Vary = map[string]string{}
	for name := range strings.SplitSeq(got("Vary"), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			e.Vary[name] = sent(name)
		}
	}
	return e, ok && (e.Validated() || e.Fresh(now))
}

// Refresh is what the copy is after it was asked about, and found current: got
// are the fields of the 304. It reports false when it may not be kept any longer.
func (e Entry) Refresh(got Fields, asked, now time.Time) (Entry, bool) {
	ok := e.merge(got, asked, now)
	return e, ok
}

// merge takes the fields of an answer over those that are there (RFC 9111 §3.2,
// §4.3.4), and reports whether they allow to keep it.
func (e *Entry) merge(got Fields, asked, now time.Time) bool {
	for field, name := range map[*string]string{
		&e.CacheControl: "Cache-Control", &e.Expires: "Expires", &e.ETag: "ETag", &e.LastModified: "Last-Modified",
	} {
		if value := got(name); value != "" {
			*field = value
		}
	}
	if !sendable(e.ETag) {
		e.ETag = ""
	}
	if _, err := http.ParseTime(e.LastModified); err != nil {
		e.LastModified = ""
	}
	e.Stored = now
	e.FreshUntil = now.Add(lifetime(e.CacheControl, e.Expires, got("Date"), now) - age(got, asked, now))
	return !directive(e.CacheControl, "no-store") && !strings.Contains(got("Vary"), "*")
}

// sendable reports whether an entity tag can be sent back. Quotes are not asked
// for: servers that forget them do so when they compare, too.
func sendable(tag string) bool {
	return len(tag) < 1<<10 && strings.IndexFunc(tag, func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0
}

// Validated reports whether the copy can be asked about.
func (e *Entry) Validated() bool { return e.ETag != "" || e.LastModified != "" }

// Fresh reports whether the copy may be used without asking. Where a redirect
// led to it, that could lead elsewhere by now. A clock that was set back proves
// nothing.
func (e *Entry) Fresh(now time.Time) bool {
	return e.Final == "" && now.Before(e.FreshUntil) && !now.Before(e.Stored)
}

// Matches reports whether the copy is one for a request with these fields (RFC
// 9111 §4.1).
func (e *Entry) Matches(sent Fields) bool {
	for name, value := range e.Vary {
		if sent(name) != value {
			return false
		}
	}
	return true
}

// Confirmed reports whether a 304 with these fields, which redirects led to as
// final says, is about this copy (RFC 9111 §4.3.4).
func (e *Entry) Confirmed(got Fields, final string) bool {
	tag := got("ETag")
	return e.Final == final && (tag == "" || e.ETag == "" || weak(tag) == weak(e.ETag))
}

// weak is a tag in the form that is compared weakly (RFC 9110 §8.8.3.2).
func weak(tag string) string { return strings.TrimPrefix(tag, "W/") }

// Same reports whether two descriptions of one copy say the same: then there is
// nothing to write.
func (e *Entry) Same(other *Entry) bool {
	return e.ETag == other.ETag && e.LastModified == other.LastModified && e.CacheControl == other.CacheControl &&
		e.Expires == other.Expires && maps.Equal(e.Vary, other.Vary) &&
		!e.FreshUntil.After(e.Stored) && !other.FreshUntil.After(other.Stored)
}

// lifetime is for how long an answer is fresh (RFC 9111 §4.2.1): max-age, else
// Expires. s-maxage is for caches that people share.
func lifetime(control, expires, date string, now time.Time) time.Duration {
	if directive(control, "no-cache") {
		return 0
	}
	if age, ok := argument(control, "max-age"); ok {
		return age
	}
	until, err := http.ParseTime(expires)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(date)
	if err != nil {
		from = now
	}
	return max(0, until.Sub(from))
}

// age is how old the answer was when it came (RFC 9111 §4.2.3).
func age(got Fields, asked, now time.Time) time.Duration {
	old := now.Sub(asked) + seconds(got("Age"))
	if date, err := http.ParseTime(got("Date")); err == nil {
		old = max(old, now.Sub(date))
	}
	return max(0, old)
}

// directive reports whether a Cache-Control has it, with or without an argument:
// a no-cache or a private that names fields counts for all of them.
func directive(control, name string) bool {
	for one := range strings.SplitSeq(control, ",") {
		word, _, _ := strings.Cut(one, "=")
		if strings.EqualFold(strings.TrimSpace(word), name) {
			return true
		}
	}
	return false
}

// argument is the number of seconds behind a directive. Of several the least
// counts, and one that makes no sense counts as 0 (RFC 9111 §4.2.1).
func argument(control, name string) (least time.Duration, ok bool) {
	least = math.MaxInt64
	for one := range strings.SplitSeq(control, ",") {
		word, value, _ := strings.Cut(one, "=")
		if strings.EqualFold(strings.TrimSpace(word), name) {
			least, ok = min(least, seconds(strings.Trim(strings.TrimSpace(value), `"`))), true
		}
	}
	return least, ok
}

// seconds reads delta-seconds (RFC 9111 §1.2.2), at most ten years of them. What
// is no number is 0, one that is too large is a long time.
func seconds(s string) time.Duration {
	const most = 10 * 365 * 24 * 3600
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(min(n, most)) * time.Second
}
