package asynccore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrClosed is returned by operations on a closed Queue, Runner or
	// ResourcePool.
	ErrClosed = errors.New("closed")

	// ErrQueueFull is returned by TryPut, TryGo and TrySubmit when there is no
	// room now, ErrQueueEmpty by TryGet when there is nothing.
	ErrQueueFull  = errors.New("queue full")
	ErrQueueEmpty = errors.New("queue empty")

	// ErrGoexit stands for a function that ended its goroutine with
	// runtime.Goexit (as testing's FailNow does) instead of returning.
	ErrGoexit = errors.New("goroutine ended by runtime.Goexit")
)

// TimeoutError says that Op did not end within After. It is
// context.DeadlineExceeded to errors.Is, and a net.Error-style timeout.
type TimeoutError struct {
	Op    string        // what was being waited for, for example "queue wait"
	After time.Duration // the limit that was exceeded
}

// Error names the operation and its limit.
func (e *TimeoutError) Error() string { return fmt.Sprintf("%s timed out after %v", e.Op, e.After) }

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, as net.Error asks.
func (e *TimeoutError) Timeout() bool { return true }

// DeadlineError says that a wait was not begun, as it would have ended at or
// after the context's deadline. It is context.DeadlineExceeded to errors.Is,
// and a net.Error-style timeout.
type DeadlineError struct {
	Op   string        // what the wait is for, for example "backoff"
	Wait time.Duration // how long it would have been
	Left time.Duration // how far away the deadline was
}

// Error names both times.
func (e *DeadlineError) Error() string {
	return fmt.Sprintf("%s of %v does not fit the %v before the deadline", e.Op, e.Wait, e.Left)
}

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *DeadlineError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, as net.Error asks.
func (e *DeadlineError) Timeout() bool { return true }

// TooLongError reports input beyond the limit that the caller has set.
type TooLongError struct {
	What string // what was read, for example "line 12"
	Max  int64  // bytes that were allowed
}

// Error names the input and the limit.
func (e *TooLongError) Error() string { return fmt.Sprintf("%s is over %d bytes", e.What, e.Max) }

// IndexError is the failure of one entry of many.
type IndexError struct {
	Index int // the entry's place in the input, from 0
	Err   error
}

// Error puts the index before the cause.
func (e *IndexError) Error() string { return fmt.Sprintf("[%d] %v", e.Index, e.Err) }

// Unwrap returns the cause.
func (e *IndexError) Unwrap() error { return e.Err }
