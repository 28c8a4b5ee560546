package asynccore

import (
	"math"
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	tests := []struct {
		in   string
		want Rate
		out  string
	}{
		{"10/s", Rate{10, time.Second}, "10/s"},
		{"100/m", Rate{100, time.Minute}, "100/m"},
		{"5/15s", Rate{5, 15 * time.Second}, "5/15s"},
		{"1/h", Rate{1, time.Hour}, "1/h"},
		{"3/ms", Rate{3, time.Millisecond}, "3/ms"},
		{"1/1s", Rate{1, time.Second}, "1/s"},
		{"1/60s", Rate{1, time.Minute}, "1/m"},
		{"7/1m30s", Rate{7, 90 * time.Second}, "7/1m30s"},
		{"7/0.5s", Rate{7, 500 * time.Millisecond}, "7/500ms"},
		{"007/s", Rate{7, time.Second}, "7/s"},
		{"9223372036854775807/1ns", Rate{math.MaxInt64, 1}, "9223372036854775807/1ns"},
	}
	for _, tt := range tests {
		got, err := ParseRate(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v, %v; want %+v", tt.in, got, err, tt.want)
		}
		if got.String() != tt.out {
			t.Errorf("%q prints as %q, want %q", tt.in, got, tt.out)
		}
	}
	for _, in := range []string{"", "/", "10", "s", "/s", "10/", "10/15", "10s", "0/s", "-1/s", "+1/s", "1.5/s", "1e3/s", "٣/s",
		"10/0s", "10/-5s", "10/+5s", "10/.5s", "10/d", "10/S", "10/sec", "10/s/s", " 10/s", "10/s ", "10 / s", "10/m30s",
		"9223372036854775808/s", "1/9223372037s", "unlimited"} {
		if got, err := ParseRate(in); err == nil {
			t.Errorf("%q: %+v, want an error", in, got)
		}
	}
	if got := (Rate{}).String(); got != "unlimited" {
		t.Errorf("zero Rate prints as %q", got)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"10/s", "100/m", "5/15s", "1/1h1m1s", "1/1µs", "0/s", "10/.5s", "10"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRate(s)
		if err != nil {
			if r != (Rate{}) {
				t.Fatalf("%q: %+v with %v", s, r, err)
			}
			return
		}
		if r.Events <= 0 || r.Per <= 0 || r.Burst() < 1 || float64(r.Burst()) > max(1, r.perSecond()/10) {
			t.Fatalf("%q: %+v, burst %d", s, r, r.Burst())
		}
		if again, err := ParseRate(r.String()); err != nil || again != r {
			t.Fatalf("%q prints as %q, which reads as %+v, %v", s, r, again, err)
		}
	})
}

func TestBurst(t *testing.T) {
	for in, want := range map[string]int{"1/h": 1, "5/s": 1, "10/s": 1, "19/s": 1, "20/s": 2, "1000/s": 100, "600/m": 1, "6000/m": 10, "9223372036854775807/1ns": math.MaxInt32} {
		r, err := ParseRate(in)
		if err != nil || r.Burst() != want {
			t.Errorf("%s: burst %d, %v; want %d", in, r.Burst(), err, want)
		}
	}
}
