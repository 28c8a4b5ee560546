package task

import (
	"testing"
	"time"
)

// What the parts leave of a task's duration goes to the last that is known.
func TestTimingComplete(t *testing.T) {
	waiting := Timing{Queue: 1, Rate: 2, Backoff: 3, Breaker: 4, DNS: Unknown, Connect: Unknown, TLS: Unknown, FirstByte: Unknown, Transfer: Unknown}
	connected, answered := waiting, waiting
	connected.Connect, connected.TLS = 5, 6
	answered.FirstByte, answered.Transfer = 7, 0
	for _, tt := range []struct {
		name string
		t    Timing
		part func(*Timing) *time.Duration
		sum  time.Duration
	}{
		{"waited", waiting, func(t *Timing) *time.Duration { return &t.Queue }, 10},
		{"connected", connected, func(t *Timing) *time.Duration { return &t.TLS }, 21},
		{"answered", answered, func(t *Timing) *time.Duration { return &t.Transfer }, 17},
	} {
		for _, rest := range []time.Duration{0, 1, time.Second} {
			got, want := tt.t, tt.t
			got.Complete(tt.sum + rest)
			*tt.part(&want) += rest
			if got != want {
				t.Errorf("%s and %v: %+v, want %+v", tt.name, rest, got, want)
			}
		}
	}
}
