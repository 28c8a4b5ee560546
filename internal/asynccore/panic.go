package asynccore

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that was recovered in a task. It unwraps to the panic
// value when that value is an error.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked first, as debug.Stack prints it
}

// newPanicError must be called from the deferred function that recovered
// value, while the panicking frames are still on the stack. A panic that was
// raised again on another goroutine stays the first one.
func newPanicError(value any) *PanicError {
	if first, ok := value.(*PanicError); ok {
		return first
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Catch calls fn, and returns a panic in it as a *PanicError.
func Catch(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
	}()
	return fn()
}

// Error returns the panic value in one line; the stack is left to the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

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
