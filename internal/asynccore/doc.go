// Package asynccore holds the concurrency primitives that everything else in
// specify stands on: structured fan-out (Gather, Settle), a priority Runner
// with a lane a key, lazy streams and pipelines, queues, pools, circuit
// breakers, retry policies, rate limits, timeouts and file helpers.
//
// Four promises hold for all of them. Nothing returns while what it started
// still runs. Everything is bounded unless the caller asks otherwise. Every
// failure is a typed error that keeps its cause; a panic in a task becomes a
// *PanicError with its stack, and runtime.Goexit becomes ErrGoexit rather than
// a hang. Whatever waits, waits under a context.
//
// The package knows nothing of HTTP, of processes or of this program's types,
// and it opens no connection; file.go and watch.go alone touch the file
// system. Clocks are not injected: tests run in a testing/synctest bubble.
//
// A reader starts with gather.go for the simple case, runner.go for the
// scheduler behind "specify batch", and stream.go for pipelines.
package asynccore
