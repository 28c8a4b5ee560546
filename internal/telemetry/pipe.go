package telemetry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// pipe is the way of spans to the collector: counted, queued and batched by the
// SDK, exported, counted again. The batch processor drops spans without a word
// when its queue is full and when it is shut down too early; the difference of
// the two counts is exact on both accounts.
type pipe struct {
	sdktrace.SpanProcessor // the batch processor

	collector *collector
	life      context.Context // its end ends every export at once
	ended     atomic.Int64    // spans that were to be exported
	accepted  atomic.Int64    // spans that the other side took
	drained   chan struct{}   // closed when no export can follow
}

// newPipe starts the batch processor, whose goroutine Shutdown waits for.
func newPipe(life context.Context, to *collector, opts ...sdktrace.BatchSpanProcessorOption) *pipe {
	p := &pipe{collector: to, life: life, drained: make(chan struct{})}
	p.SpanProcessor = sdktrace.NewBatchSpanProcessor((*counter)(p), opts...)
	return p
}

// OnEnd counts the span and queues it.
func (p *pipe) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	p.ended.Add(1)
	p.SpanProcessor.OnEnd(s)
}

// lost is exact once drained is closed.
func (p *pipe) lost() int64 { return p.ended.Load() - p.accepted.Load() }

// counter is a pipe as its batch processor sees it: the exporter.
type counter pipe

// ExportSpans exports a batch and counts what of it was accepted.
func (c *counter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := c.life.Err(); err != nil {
		return err // before the batch is encoded: thousands may be left
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()

	n, err := c.collector.sendSpans(ctx, spans)
	c.accepted.Add(n)
	return err
}

// Shutdown is called by the batch processor after its last export.
func (c *counter) Shutdown(context.Context) error {
	close(c.drained)
	return nil
}

// fan hands each span to the collector and to the file.
type fan []sdktrace.SpanProcessor

// OnStart does nothing: none of them asks for it.
func (f fan) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd hands s to each.
func (f fan) OnEnd(s sdktrace.ReadOnlySpan) {
	for _, p := range f {
		p.OnEnd(s)
	}
}

// Shutdown shuts all down at the same time, so that a dead collector
// does not cost the file its spans.
func (f fan) Shutdown(ctx context.Context) error {
	return f.each(func(p sdktrace.SpanProcessor) error { return p.Shutdown(ctx) })
}

// ForceFlush flushes all at the same time.
func (f fan) ForceFlush(ctx context.Context) error {
	return f.each(func(p sdktrace.SpanProcessor) error { return p.ForceFlush(ctx) })
}

func (f fan) each(do func(sdktrace.SpanProcessor) error) error {
	errs := make([]error, len(f))
	var wg sync.WaitGroup
	for i, p := range f {
		wg.Go(func() { errs[i] = do(p) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
