package asynccore

import (
	"context"
	"time"
)

// Wait takes a token as soon as its turn comes; those who wait are served in
// the order of their calls. It fails with context.Cause(ctx), having taken
// nothing, or at once with a *DeadlineError when, by the number of those ahead,
// its turn would not come before ctx's deadline.
func (l *Limiter) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := l.join(ctx); err != nil {
		return err
	}
	defer l.leave()
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer l.turn.Release(1)
	for { // again if TakeAt was faster
		now := time.Now()
		until, ok := l.TakeAt(now)
		if ok {
			return nil
		}
		if err := reaches(ctx, now, until.Sub(now)); err != nil {
			return err
		}
		if err := Sleep(ctx, until.Sub(now)); err != nil {
			return err
		}
	}
}

// join counts the caller among those who wait, unless its turn would not come
// in time.
func (l *Limiter) join(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := reaches(ctx, now, l.lack(now, l.waiting+1)); err != nil {
		return err
	}
	l.waiting++
	return nil
}

func (l *Limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// reaches returns a *DeadlineError if wait would reach ctx's deadline.
func reaches(ctx context.Context, now time.Time, wait time.Duration) error {
	deadline, ok := ctx.Deadline()
	if left := deadline.Sub(now); ok && wait >= left {
		return &DeadlineError{Op: "rate limit wait", Wait: wait, Left: left}
	}
	return nil
}
