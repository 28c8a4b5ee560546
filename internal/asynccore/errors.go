package asynccore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

var (
	// ErrClosed is returned by operations on a closed Queue, Runner or
	// ResourcePool.
	ErrClosed = errors.New("closed")

	// ErrQueueFull is returned by the Try variants when there is no room now.
	ErrQueueFull = errors.New("queue full")

	// ErrGoexit stands for a function that ended its goroutine with
	// runtime.Goexit (as testing's FailNow does) instead of returning.
	ErrGoexit = errors.New("goroutine ended by runtime.Goexit")
)

// PanicError is a panic that was recovered in a task. It unwraps to the panic
// value when that value is an error.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // the stack of the goroutine that panicked, as debug.Stack prints it
}

// newPanicError must be called from the deferred function that recovered
// value, while the panicking frames are still on the stack.
func newPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error returns the panic value in one line; the stack is left to the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

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

// IndexError is the failure of one entry of many.
type IndexError struct {
	Index int // the entry's place in the input, from 0
	Err   error
}

// Error puts the index before the cause.
func (e *IndexError) Error() string { return fmt.Sprintf("[%d] %v", e.Index, e.Err) }

// Unwrap returns the cause.
func (e *IndexError) Unwrap() error { return e.Err }

// guard calls fn and turns a panic into a *PanicError and runtime.Goexit into
// ErrGoexit. settle is called from a deferred function, on every path, exactly
// once, with what fn gave, because after a Goexit the goroutine is still being
// unwound and guard does not return. The error does not tell: a panic that a
// deferred call raised during the Goexit is a *PanicError and unwinds as well.
func guard[T any](fn func() (T, error), settle func(T, error)) {
	var (
		value  T
		err    = error(ErrGoexit) // stays if fn neither returns nor panics
		normal bool
	)
	defer func() {
		if !normal {
			if p := recover(); p != nil {
				err = newPanicError(p)
			}
		}
		settle(value, err)
	}()
	value, err = fn()
	normal = true
}
