// Package asynccore holds the concurrency primitives that everything else in
// specify stands on. It knows nothing of HTTP, of processes or of this program's
// types, and it opens no connection; the files of the last theme below alone
// touch the file system.
//
// # What holds for all of it
//
//   - Nothing returns while what it started still runs.
//   - Everything is bounded unless the caller asks otherwise.
//   - Whatever waits, waits under a context, and gives up with its
//     context.Cause: where a comment says "the cause", it means that.
//   - Every failure is a typed error that keeps its cause. A function that runs
//     on a goroutine of this package may panic: that is a *PanicError with the
//     stack, and runtime.Goexit is ErrGoexit rather than a hang. Streams, and
//     what runs on the caller's own goroutine, panic in the caller.
//   - In a configuration 0, less than 0 and nil stand for what the comment gives
//     behind "0:" or "nil:", unless it says something else of negative values.
//   - Clocks are not injected: tests run in a testing/synctest bubble.
//
// # Where to read
//
// Each theme begins with the file to read first.
//
//   - Many functions at once: gather.go (Gather, Settle), then as_completed.go
//     and first.go; result.go and errors.go say how they end, panic.go how a
//     panic becomes an error; timeout.go and semaphore.go bound a single one,
//     and sleep.go waits.
//   - Scheduling: runner.go says what a Runner promises, runner_config.go what a
//     job and an Admission are, priority.go what the classes mean. task.go is the
//     handle of a job, slot.go and slot_yield.go the right to run, gather_on.go a
//     Gather on a Runner. A job's way through it: runner_submit.go lets it in,
//     job_entry.go is what is known of it, runner_lanes.go keeps it in its lane,
//     runner_dispatch.go grants it a slot, runner_worker.go runs and ends it,
//     runner_scope.go tells it that its context has ended, and runner_close.go
//     waits for the last.
//   - Streams: stream.go (Stream, Map, Filter), stream_source.go and lines.go
//     begin one, stream_batch.go cuts it, stream_terminal.go ends it;
//     pipeline.go makes stages of streams. feed.go is the way to another
//     goroutine and back, on which buffer.go, batch_within.go and merge.go
//     stand; parmap.go has one of its own. queue.go is a channel that can be
//     closed.
//   - Care for the other side: breaker.go and breakers.go, retry.go and
//     retry_policy.go, retry_budget.go, retry_after.go, limiter.go and
//     limiters.go, rate.go; keyed.go bounds what is kept by key. pool.go lends
//     out what is dear to make.
//   - Files: file_read.go, file_write.go, copy.go, walk.go, watch.go.
package asynccore
