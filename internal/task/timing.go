package task

import "time"

// Complete makes the parts add up to total, the duration of the whole task:
// what they leave of it came after the last thing that was measured, and so
// belongs to that. A task that has never been on the wire did nothing but queue.
func (t *Timing) Complete(total time.Duration) {
	last := &t.Queue
	for _, part := range []*time.Duration{&t.Queue, &t.Rate, &t.Backoff, &t.Breaker, &t.DNS, &t.Connect, &t.TLS, &t.FirstByte, &t.Transfer} {
		if *part != Unknown {
			total -= *part
		}
	}
	for _, part := range []*time.Duration{&t.DNS, &t.Connect, &t.TLS, &t.FirstByte, &t.Transfer} {
		if *part != Unknown {
			last = part
		}
	}
	*last += max(0, total)
}
