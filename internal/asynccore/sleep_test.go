package asynccore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func TestSleep(t *testing.T) {
	cause := errors.New("enough")
	for _, c := range []struct {
		name       string
		end        time.Duration // of the context; 0 is never
		d, want    time.Duration
		wantsCause bool
	}{
		{"undisturbed", 0, time.Minute, time.Minute, false},
		{"no time at all", 0, 0, 0, false},
		{"cut short", time.Second, time.Minute, time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.end > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeoutCause(ctx, c.end, cause)
					defer cancel()
				}
				start := time.Now()
				err := asynccore.Sleep(ctx, c.d)
				if took := time.Since(start); took != c.want || errors.Is(err, cause) != c.wantsCause || !c.wantsCause && err != nil {
					t.Errorf("%v after %v, want %v", err, took, c.want)
				}
			})
		})
	}
	over, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := asynccore.Sleep(over, 0); err != cause {
		t.Errorf("%v where the context has ended before, want its cause", err)
	}
}
