package ops

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/specify-cli/specify/internal/runtime/queue"
)

// Queue is what many machines share: tasks on their way to workers, and records
// on their way back.
type Queue interface {
	// LoadRun returns a run that has not ended.
	LoadRun(ctx context.Context, id string) (r queue.Run, ok bool, err error)
	SaveRun(ctx context.Context, r queue.Run) error
	EndRun(ctx context.Context, r queue.Run) error
	Publisher(run string) *queue.Publisher
	// Record publishes a record that needed no worker.
	Record(ctx context.Context, run string, seq int64, line []byte) error
	Stored(ctx context.Context, run string) (uint64, error)
	Results(ctx context.Context, run string) iter.Seq2[queue.Result, error]
	// Body writes a body that a record has said to be on the queue.
	Body(ctx context.Context, run string, seq int64, delivery string, n int64, w io.Writer) error
	RemoveBodies(ctx context.Context, run string, seq int64)
	// Work takes tasks until ctx ends.
	Work(ctx context.Context, take func(stop context.Context) queue.Taker) error
	Workers(ctx context.Context) ([]string, error) // those that are alive
	Most() int                                     // tasks that one worker holds
	MaxRecord() int                                // bytes
	Close()
}

// OpenQueue connects to the queue at an address. tell gets what goes wrong and
// is being waited for.
type OpenQueue func(ctx context.Context, address string, tell Teller) (Queue, error)

// QueueError is a queue that could not be reached or used, and that may be
// later.
type QueueError struct{ Err error }

func (e *QueueError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *QueueError) Unwrap() error { return e.Err }

// queueError gives an error of the queue the type that says what to do about it.
func queueError(err error) error {
	if err == nil {
		return nil
	}
	if _, wrong := errors.AsType[*queue.ConfigError](err); wrong {
		return &InputError{Err: err}
	}
	return &QueueError{err}
}

// RedactAddress is the address of a queue without credentials.
func RedactAddress(address string) string { return queue.Redacted(address) }
