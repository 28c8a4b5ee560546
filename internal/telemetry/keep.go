package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	maxTrialTask = 128    // spans held for one task
	maxTrial     = 16_384 // spans held for all tasks together, about 30 MB
)

// keep passes on what is worth keeping though the sampling ratio left it out:
// the spans of each task in which one failed or was slow, and with them the
// spans of the run around it. Sampled spans pass untouched.
//
// A task's spans are held until one of them is found bad, which frees them all
// and lets the later ones pass, or until the task's own span ends well, which
// drops them. Beyond maxTrialTask and maxTrial the good spans of an undecided
// task are dropped; a bad span always passes. Spans outside any task belong to
// the run, which ends with its first span.
type keep struct {
	next sdktrace.SpanProcessor
	slow time.Duration

	mu   sync.Mutex // guards all below, and every trial
	live map[trace.SpanID]*trial
	run  *trial
	held int
}

// trial is the undecided fate of a task's, or the run's, spans.
type trial struct {
	owner trace.SpanID // its end ends the trial
	spans []sdktrace.ReadOnlySpan
	kept  bool
	ended bool
}

func newKeep(next sdktrace.SpanProcessor, slow time.Duration) *keep {
	return &keep{next: next, slow: slow, live: make(map[trace.SpanID]*trial)}
}

// OnStart puts a span that is on trial to its task, found in its parent's
// context, or to the run.
func (k *keep) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	sc := s.SpanContext()
	if sc.IsSampled() {
		k.next.OnStart(ctx, s)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.trialOf(taskFrom(ctx))
	if !t.owner.IsValid() {
		t.owner = sc.SpanID()
	}
	k.live[sc.SpanID()] = t
}

// trialOf returns the trial of task, or of the run if task is nil; k.mu is
// held. A run that has ended makes way for a new one.
func (k *keep) trialOf(task *task) *trial {
	if task != nil {
		if task.trial == nil {
			task.trial = &trial{}
		}
		return task.trial
	}
	if k.run == nil || k.run.ended {
		k.run = &trial{}
	}
	return k.run
}

// OnEnd judges a span. It calls the next processor without the lock, since
// that may wait for a file.
func (k *keep) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		k.next.OnEnd(s)
		return
	}
	for _, free := range k.judge(s) {
		k.next.OnEnd(sampled{free})
	}
}

// judge returns the spans that the end of s sets free, in the order of their
// ends.
func (k *keep) judge(s sdktrace.ReadOnlySpan) (free []sdktrace.ReadOnlySpan) {
	id := s.SpanContext().SpanID()
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.live[id]
	if t == nil {
		return nil // ended twice; the SDK does not
	}
	delete(k.live, id)

	if s.Status().Code == codes.Error || s.EndTime().Sub(s.StartTime()) >= k.slow {
		free = k.release(t)
		if k.run != nil && k.run != t {
			free = append(free, k.release(k.run)...)
		}
	}
	switch {
	case t.kept:
		free = append(free, s)
	case !t.ended && len(t.spans) < maxTrialTask && k.held < maxTrial:
		t.spans = append(t.spans, s)
		k.held++
	}
	if id == t.owner {
		t.ended = true
		k.held -= len(t.spans)
		t.spans = nil
	}
	return free
}

// release decides for t: it returns what t holds and lets the rest pass; k.mu
// is held.
func (k *keep) release(t *trial) []sdktrace.ReadOnlySpan {
	spans := t.spans
	t.kept, t.spans = true, nil
	k.held -= len(spans)
	return spans
}

// Shutdown drops what is still undecided.
func (k *keep) Shutdown(ctx context.Context) error { return k.next.Shutdown(ctx) }

// ForceFlush leaves the undecided spans where they are.
func (k *keep) ForceFlush(ctx context.Context) error { return k.next.ForceFlush(ctx) }

// sampled is a span that was on trial and is exported all the same; the batch
// processor takes sampled spans only.
type sampled struct{ sdktrace.ReadOnlySpan }

// SpanContext returns the span's with the sampled flag.
func (s sampled) SpanContext() trace.SpanContext {
	sc := s.ReadOnlySpan.SpanContext()
	return sc.WithTraceFlags(sc.TraceFlags().WithSampled(true))
}
