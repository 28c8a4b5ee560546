package asynccore

import "errors"

// Result is how one entry of many ended. Value is what the entry returned,
// also beside an error; Err is nil when it ended well.
type Result[T any] struct {
	Value T
	Err   error
}

// Values returns the value of every entry in its place, the zero value where
// the entry failed, and Join(rs).
func Values[T any](rs []Result[T]) ([]T, error) {
	values := make([]T, len(rs))
	for i, r := range rs {
		if r.Err == nil {
			values[i] = r.Value
		}
	}
	return values, Join(rs)
}

// Join returns nil when no entry failed, and otherwise one error that unwraps
// to an *IndexError for each failure, in the order of rs. errors.Is and
// errors.AsType see through it to each cause; its text has a line a failure.
func Join[T any](rs []Result[T]) error {
	var errs []error
	for i, r := range rs {
		if r.Err != nil {
			errs = append(errs, &IndexError{Index: i, Err: r.Err})
		}
	}
	return errors.Join(errs...)
}

// Partition separates the values of the entries that ended well from the
// failures of the others, both in the order of rs. Either is nil when empty.
func Partition[T any](rs []Result[T]) (values []T, failures []*IndexError) {
	for i, r := range rs {
		if r.Err == nil {
			values = append(values, r.Value)
		} else {
			failures = append(failures, &IndexError{Index: i, Err: r.Err})
		}
	}
	return values, failures
}
