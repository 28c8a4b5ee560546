package asynccore

import (
	"context"
	"errors"
	"slices"
)

// First calls all fns at once and returns the value of the first that
// succeeds. The others are cancelled and awaited; how they ended is dropped.
// If none succeeds the error is that of Join, to which context.Cause(ctx) is
// added if ctx had ended. Without fns it fails.
func First[T any](ctx context.Context, fns ...func(context.Context) (T, error)) (T, error) {
	failures := make([]Result[T], len(fns))
	for i, r := range AsCompleted(ctx, len(fns), slices.Values(fns), callEntry) {
		if r.Err == nil {
			return r.Value, nil
		}
		failures[i] = r
	}
	var none T
	if len(fns) == 0 {
		return none, errors.New("first of no functions")
	}
	err := Join(failures)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = errors.Join(cause, err)
	}
	return none, err
}
