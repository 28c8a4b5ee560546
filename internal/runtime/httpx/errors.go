package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// errFailed is what a breaker is told of an attempt that failed; which failure
// it was makes no difference to it.
var errFailed = errors.New("attempt failed")

// StatusError is an answer with a status that was not expected.
type StatusError struct{ Status int }

func (e *StatusError) Error() string {
	text := http.StatusText(e.Status)
	if text == "" {
		text = "unknown status"
	}
	return fmt.Sprintf("%d %s", e.Status, text)
}

// ErrorType is the status itself.
func (e *StatusError) ErrorType() string { return fmt.Sprint(e.Status) }

// CircuitOpenError is the end of every task of an origin that was given up.
type CircuitOpenError struct{ Origin string }

func (e *CircuitOpenError) Error() string {
	return "circuit open: " + e.Origin + " kept failing and was given up"
}

// ErrorType is circuit_open.
func (e *CircuitOpenError) ErrorType() string { return string(task.ErrCircuitOpen) }

// RetryAfterError is a pause asked for by the origin that does not fit the time
// that the task has.
type RetryAfterError struct {
	Origin string
	Wait   time.Duration
}

func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("%s asked to wait %v, longer than the task may take", e.Origin, e.Wait.Round(time.Second))
}

// ErrorType is retry_after_too_long.
func (e *RetryAfterError) ErrorType() string { return string(task.ErrRetryAfter) }

// TimeoutError is one of the attempt's time limits.
type TimeoutError struct {
	Type  task.ErrorType // timeout_connect, timeout_read or timeout_total
	After time.Duration
}

func (e *TimeoutError) Error() string {
	switch e.Type {
	case task.ErrTimeoutConnect:
		return fmt.Sprintf("no connection within %v", e.After)
	case task.ErrTimeoutRead:
		return fmt.Sprintf("no byte received for %v", e.After)
	}
	return fmt.Sprintf("not done within %v", e.After)
}

// ErrorType is the type of the limit.
func (e *TimeoutError) ErrorType() string { return string(e.Type) }

// Timeout reports true, as net.Error asks.
func (e *TimeoutError) Timeout() bool { return true }

// BodyError is a body that did not arrive whole, or not as announced.
type BodyError struct {
	Type task.ErrorType // short_body, bad_response, decode, reset or too_large
	Read int64          // decoded bytes that were read before
	Err  error
}

func (e *BodyError) Error() string {
	if e.Type == task.ErrShortBody {
		return fmt.Sprintf("the body broke off after %d bytes", e.Read)
	}
	if e.Read == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v, %d bytes into the body", e.Err, e.Read)
}

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }

// ErrorType is the type.
func (e *BodyError) ErrorType() string { return string(e.Type) }

// SinkError is a failed write, rewind or close on our side.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *SinkError) Unwrap() error { return e.Err }

// ErrorType is output.
func (e *SinkError) ErrorType() string { return string(task.ErrOutput) }

// ResponseError is an answer that makes no sense for what was asked.
type ResponseError struct{ Reason string }

func (e *ResponseError) Error() string { return e.Reason }

// ErrorType is bad_response.
func (e *ResponseError) ErrorType() string { return string(task.ErrBadResponse) }

// InputError is a request that cannot be made as it was given.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// ErrorType is input.
func (e *InputError) ErrorType() string { return string(task.ErrInput) }
