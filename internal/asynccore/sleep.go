package asynccore

import (
	"context"
	"time"
)

// Sleep waits for d. Once ctx has ended it returns context.Cause(ctx), at once,
// and also where d is over, too.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
