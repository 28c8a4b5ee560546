package report

import (
	"testing"
	"time"
)

func TestShowDuration(t *testing.T) {
	for _, test := range []struct {
		in   time.Duration
		want string
	}{
		{-1, "0s"},
		{0, "0s"},
		{310 * time.Microsecond, "310µs"},
		{999400 * time.Nanosecond, "999µs"},
		{999600 * time.Nanosecond, "1ms"},
		{42 * time.Millisecond, "42ms"},
		{999400 * time.Microsecond, "999ms"},
		{999600 * time.Microsecond, "1.0s"},
		{7410 * time.Millisecond, "7.4s"},
		{59940 * time.Millisecond, "59.9s"},
		{59960 * time.Millisecond, "1m00s"},
		{125 * time.Second, "2m05s"},
		{time.Hour - time.Millisecond, "1h00m"},
		{time.Hour + 2*time.Minute, "1h02m"},
	} {
		if got := showDuration(test.in); got != test.want {
			t.Errorf("showDuration(%v) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestShowBytes(t *testing.T) {
	for _, test := range []struct {
		in   int64
		want string
	}{
		{0, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{999_949, "999.9 kB"},
		{999_950, "1.0 MB"},
		{1_234_000_000, "1.2 GB"},
		{1<<63 - 1, "9.2 EB"},
	} {
		if got := showBytes(test.in); got != test.want {
			t.Errorf("showBytes(%d) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for _, test := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "task", "0 tasks"}, {1, "retry", "1 retry"}, {1234567, "retry", "1,234,567 retries"}, {999, "failure", "999 failures"},
	} {
		if got := plural(test.n, test.noun); got != test.want {
			t.Errorf("plural(%d, %q) = %q, want %q", test.n, test.noun, got, test.want)
		}
	}
}

func TestShowShare(t *testing.T) {
	for _, test := range []struct {
		in   float64
		want string
	}{{0, "0%"}, {100, "100%"}, {0.001, "<0.1%"}, {99.999, ">99.9%"}, {12.34, "12.3%"}} {
		if got := showShare(test.in); got != test.want {
			t.Errorf("showShare(%v) = %q, want %q", test.in, got, test.want)
		}
	}
}
