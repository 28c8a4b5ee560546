// Package telemetry is everything that specify does with OpenTelemetry: it
// reads the OTEL_* variables, exports spans and metrics over OTLP/HTTP, writes
// spans to a file, and holds the wrappers that put each layer into spans, so
// that no other package starts a span or imports go.opentelemetry.io.
//
// Telemetry cannot hurt. With nothing configured Start builds nothing, starts
// no goroutine and opens no connection, every wrapper returns what it was
// given, and every method, on a nil *Telemetry too, returns at once without
// an allocation. With a collector that is dead, slow or hostile, Shutdown
// takes one second at most, memory stays bounded, one line of warning is given
// for the run, and what was lost is counted. Nothing here ever changes what a
// wrapped function returns.
//
// Secrets stay out. URLs pass through Config.Redact, errors leave only their
// type, argv is never read, and baggage is never sent to an origin.
//
// A reader starts with telemetry.go for the life of it all, and with
// transport.go for the span of one attempt. The way of a span to its end:
//
//	wrapper -> tracer (sampler.go) -> keep.go, with a sampling ratio only
//	  -> pipe.go: counted, batched, exported, counted again
//	    -> collector.go (OTLP/HTTP), encoded by otlpproto or otlpjson.go
//	  -> file.go: counted, encoded by otlpjson.go, written, counted again
//
// The environment read is the process's own: the OpenTelemetry SDK offers no
// other source for most of its variables.
package telemetry
