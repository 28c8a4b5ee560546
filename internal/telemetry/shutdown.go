package telemetry

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	shutdownLimit = time.Second           // what a run may wait for telemetry, all told
	shutdownGrace = 50 * time.Millisecond // of it, to end what did not end by itself
)

// Lost is what the run's telemetry did not bring home. The zero value says
// that everything arrived.
type Lost struct {
	Spans     int64 // ended and sampled, but not accepted by the collector
	FileSpans int64 // ended and sampled, but not in the trace file
	Ended     int64 // ended and sampled, lost or not; 0 if none was lost
	Metrics   bool  // the final state of the metrics was not accepted
}

// String says what was lost, for a person; "" if nothing was.
func (l Lost) String() string {
	var parts []string
	if l.Spans > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d spans did not reach the collector", l.Spans, l.Ended))
	}
	if l.FileSpans > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d spans are not in the trace file", l.FileSpans, l.Ended))
	}
	if l.Metrics {
		parts = append(parts, "the metrics did not reach the collector")
	}
	return strings.Join(parts, ", ")
}

// Shutdown flushes spans and metrics and ends all that Start began. It takes
// one second at most, whatever ctx allows: it heeds neither the end of ctx nor
// its deadline, since it is called when the run was canceled, too. The error
// is the first thing that went wrong in the whole run, for display only; it
// never decides about an exit code. Later calls return the same.
func (t *Telemetry) Shutdown(ctx context.Context) (Lost, error) {
	if t == nil || t.stop == nil {
		return Lost{}, nil
	}
	t.ending.Do(func() { t.lost, t.err = t.shutdown(ctx) })
	return t.lost, t.err
}

func (t *Telemetry) shutdown(ctx context.Context) (Lost, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit-shutdownGrace)
	defer cancel()

	done := make(chan struct{})
	go func() { // ends with ctx at the latest; awaited below
		defer close(done)
		var both sync.WaitGroup
		if t.spans != nil {
			both.Go(func() { _ = t.spans.Shutdown(ctx) }) // what fails is in the warner or is ctx
		}
		if t.metrics != nil {
			t.unsent.Store(true) // until the last export says otherwise
			both.Go(func() { t.warn.Handle(t.metrics.Shutdown(ctx)) })
		}
		both.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	if ctx.Err() != nil { // said first, so that the cancellations that follow are not
		t.warn.Handle(fmt.Errorf("not everything was taken within %v", shutdownLimit))
	}
	t.stop()

	late := time.NewTimer(time.Until(start.Add(shutdownLimit)))
	defer late.Stop()
	t.settle(done, late.C)
	lost := Lost{Metrics: t.unsent.Load()}
	if t.collector != nil {
		lost.Spans = t.collector.lost()
	}
	if t.file != nil {
		lost.FileSpans = t.file.lost()
	}
	switch {
	case lost.Spans > 0:
		lost.Ended = t.collector.ended.Load()
	case lost.FileSpans > 0:
		lost.Ended = t.file.ended.Load()
	}
	return lost, t.warn.cause()
}

// settle waits until no export and no write can change a count any more, or for
// late.
func (t *Telemetry) settle(done <-chan struct{}, late <-chan time.Time) {
	waits := []<-chan struct{}{done}
	if t.collector != nil {
		waits = append(waits, t.collector.drained)
	}
	for _, w := range waits {
		select {
		case <-w:
		case <-late:
			return
		}
	}
}
