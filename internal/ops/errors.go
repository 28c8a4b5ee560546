package ops

import "fmt"

// InputError is a list, a line or an argument that cannot be used. Place is
// where it stands, as file:line, and may be empty.
type InputError struct {
	Place string
	Err   error
	Hint  string // what to do about it; may be empty
}

func (e *InputError) Error() string {
	if e.Place == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Place, e.Err)
}

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// ErrorType is input.
func (e *InputError) ErrorType() string { return "input" }

// LocalError is a file of ours that cannot be read or written.
type LocalError struct{ Err error }

func (e *LocalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *LocalError) Unwrap() error { return e.Err }

// ErrorType is output.
func (e *LocalError) ErrorType() string { return "output" }
