package asynccore

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC) // RFC 9110's example
	const century = 876000 * time.Hour
	tests := []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"0", 0, true},
		{"120", 2 * time.Minute, true},
		{" \t120 ", 2 * time.Minute, true},
		{"0000000000000000000000000120", 2 * time.Minute, true},
		{"3153599999", century - time.Second, true},
		{"3153600000", century, true},
		{"3153600001", century, true},
		{"9223372037", century, true}, // overflows a Duration
		{"18446744073709551617", century, true},
		{strings.Repeat("9", 10000), century, true},

		{"Sun, 06 Nov 1994 08:49:37 GMT", 0, true},
		{"Sun, 06 Nov 1994 08:50:37 GMT", time.Minute, true},
		{"Sunday, 06-Nov-94 08:50:37 GMT", time.Minute, true},
		{"Sun Nov  6 08:50:37 1994", time.Minute, true},
		{"Wed Nov 16 08:49:37 1994", 10 * 24 * time.Hour, true},
		{"Mon, 06 Nov 1994 08:50:37 GMT", time.Minute, true}, // a wrong day of the week
		{"Fri, 31 Dec 9999 23:59:59 GMT", century, true},
		{"Sunday, 06-Nov-44 08:49:37 GMT", time.Date(2044, 11, 6, 8, 49, 37, 0, time.UTC).Sub(now), true}, // 50 years
		{"Sunday, 06-Nov-44 08:49:38 GMT", 0, false},                                                      // more: 1944
		{"Monday, 01-Jan-01 00:00:00 GMT", time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Sub(now), true},
		{"Sunday, 06-Nov-94 08:49:36 GMT", 0, false},
		{"Sun, 06 Nov 1994 08:49:36 GMT", 0, false},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0, false},

		{"", 0, false},
		{" ", 0, false},
		{"-1", 0, false},
		{"+1", 0, false},
		{"1.5", 0, false},
		{"1e3", 0, false},
		{"0x10", 0, false},
		{"120s", 0, false},
		{"1 2", 0, false},
		{"120, 240", 0, false},
		{"٣", 0, false}, // a digit, not a DIGIT
		{"soon", 0, false},
		{"Sun, 06 Nov 1994 08:50:37 PST", 0, false},
		{"Sunday, 06-Nov-94 08:50:37 PST", 0, false},
		{"Sun, 06 Nov 1994 08:50:37 +0000", 0, false},
		{"Sun, 31 Feb 1995 08:50:37 GMT", 0, false},
		{"1994-11-06T08:50:37Z", 0, false},
	}
	for _, tt := range tests {
		got, ok := ParseRetryAfter(tt.value, now)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%.40q: %v, %v; want %v, %v", tt.value, got, ok, tt.want, tt.ok)
		}
	}
}

// The century of a two-digit year is the reader's, not the one of time.Parse.
func TestParseRetryAfterCentury(t *testing.T) {
	tests := []struct {
		now  string
		yy   string
		want string
	}{
		{"1999-12-31", "31-Dec-00", "2000-12-31"},
		{"2026-11-22", "22-Nov-76", "2076-11-22"},
		{"2026-11-22", "23-Nov-76", "1976-11-23"},
		{"2099-12-01", "01-Jan-00", "2100-01-01"},
		{"2099-12-01", "01-Jan-49", "2149-01-01"},
		{"2099-12-01", "01-Jan-69", "2069-01-01"},
		{"2099-12-01", "29-Feb-00", ""}, // 2100 has none
		{"2024-02-29", "29-Feb-72", "2072-02-29"},
	}
	for _, tt := range tests {
		now, err := time.Parse(time.DateOnly, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if at, ok := parseHTTPDate("Monday, "+tt.yy+" 00:00:00 GMT", now); ok {
			got = at.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("%s read on %s: %q, want %q", tt.yy, tt.now, got, tt.want)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("120", int64(784111777), int64(60))
	f.Add("9223372037", int64(0), int64(math.MaxInt64))
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT", int64(784111777), int64(-1))
	f.Add("Sunday, 06-Nov-94 08:49:37 GMT", int64(253402300799), int64(1577836800))
	f.Add("Sun Nov  6 08:49:37 1994", int64(-62135596800), int64(0))
	f.Fuzz(func(t *testing.T, value string, unix, ahead int64) {
		// Years 1 to 9999, which all the forms can write.
		const first, last = -62135596800, 253402300799
		now := time.Unix(first+int64(uint64(unix)%(last-first)), 0).UTC()

		d, ok := ParseRetryAfter(value, now)
		if d < 0 || d > maxWait || !ok && d != 0 {
			t.Fatalf("%q: %v, %v", value, d, ok)
		}
		if d+maxWait < d { // what a caller may add to it
			t.Fatalf("%q: %v overflows", value, d)
		}
		digits := value != "" && strings.Trim(value, "0123456789") == ""
		if digits && !ok {
			t.Fatalf("%q: not taken for seconds", value)
		}
		if again, ok2 := ParseRetryAfter(" "+value+"\t", now); again != d || ok2 != ok {
			t.Fatalf("%q: blanks change %v to %v", value, d, again)
		}

		// What is written is read: seconds, and a date in each form.
		secs := int64(uint64(ahead) % uint64(maxWait/time.Second))
		want := time.Duration(secs) * time.Second
		if got, ok := ParseRetryAfter(fmt.Sprint(secs), now); got != want || !ok {
			t.Fatalf("%d seconds: %v, %v", secs, got, ok)
		}
		at := now.Add(want)
		if at.Year() > 9999 {
			return
		}
		forms := []string{imfFixdate, ascTime}
		// time.Parse reads the year of a 29 February in its own century.
		if !at.After(now.AddDate(50, 0, 0)) && !(at.Month() == time.February && at.Day() == 29) {
			forms = append(forms, rfc850Date)
		}
		for _, layout := range forms {
			s := at.Format(layout)
			if got, ok := ParseRetryAfter(s, now); got != want || !ok {
				t.Fatalf("%q at %v: %v, %v; want %v", s, now, got, ok, want)
			}
		}
	})
}
