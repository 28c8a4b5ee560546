package ops

import (
	"context"
	"errors"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// fetchAny fetches a task's mirrors in their order until one of them gives all
// that the task asks for, its output committed. The record's URL, status and
// error are those of the mirror that was tried last; its attempts, retries and
// times are those of all together.
func (x *executor) fetchAny(ctx, stop context.Context, a *admission, out opened, rec *task.Record) (err error) {
	defer func() { out.Abort() }() // of a panic; does nothing after a Commit
	began, heard := time.Now(), false
	for i, raw := range a.task.URLs {
		var since *time.Time
		if i > 0 {
			since = &began
			heard = heard || rec.Status != 0
			forget(rec)
			next, err := out.next(heard)
			if err != nil {
				return err
			}
			out = x.around(next)
		}
		rec.Mirror, rec.URL = i, task.RedactURL(raw)
		turn := beginTurn(rec)
		err = commit(out, rec, x.fetch(ctx, stop, a, raw, since, out, rec))
		if err == nil || i == len(a.task.URLs)-1 || !x.movesOn(ctx, stop, a.task, began, rec, err) {
			return err
		}
		turn.end(rec, err)
	}
	return err
}

// movesOn reports whether another mirror may do what this one did not. What
// ended for a reason of ours ends there too. A request that must not be repeated
// (RFC 9110 §9.2.2) goes on where this one was turned down or never sent.
func (x *executor) movesOn(ctx, stop context.Context, t *task.Task, began time.Time, rec *task.Record, err error) bool {
	if ctx.Err() != nil || stop.Err() != nil || t.Timeout > 0 && time.Since(began) >= t.Timeout {
		return false
	}
	kind := httpx.Classify(err)
	if kind == task.ErrOutput || kind == task.ErrOutputCollision {
		return false
	}
	if x.unsafe || httpx.Idempotent(rec.Method) || rec.Status/100 == 4 {
		return true
	}
	switch kind {
	case task.ErrDNS, task.ErrConnect, task.ErrTimeoutConnect, task.ErrCertificate, task.ErrDeniedAddress, task.ErrCircuitOpen:
		return rec.Status == 0
	}
	return false
}

// forget takes off what was told by a mirror that did not do.
func forget(rec *task.Record) {
	rec.Status, rec.Protocol, rec.ContentType, rec.Remote, rec.FinalURL = 0, "", "", "", ""
	rec.Bytes, rec.Resumed = task.Unknown, task.Unknown
	rec.Headers, rec.Expect = rec.Headers[:0], nil
	rec.Body, rec.BodyBase64, rec.BodyOmitted = nil, "", ""
}

// turn is how far a record had come when a mirror's turn began.
type turn struct {
	began    time.Time
	attempts int
	retries  int
	waited   time.Duration
}

func beginTurn(rec *task.Record) turn {
	return turn{time.Now(), rec.Attempts, len(rec.Retries), waits(rec)}
}

func waits(rec *task.Record) time.Duration {
	t := &rec.Timing
	return t.Queue + t.Rate + t.Backoff + t.Breaker
}

// end lists the mirror's last attempt among those that did not settle the task.
// It took what the mirror's other attempts and the waits leave.
func (t turn) end(rec *task.Record, err error) {
	if rec.Attempts == t.attempts {
		return // no request was made
	}
	r := task.Retry{Duration: time.Since(t.began) - (waits(rec) - t.waited), Reason: "mirror"}
	for _, before := range rec.Retries[t.retries:] {
		r.Duration -= before.Duration
	}
	r.Duration = max(0, r.Duration) // a redirect's wait is counted twice
	if unwanted, ok := errors.AsType[*httpx.StatusError](err); ok {
		r.Status = unwanted.Status
	} else {
		r.Error = httpx.Classify(err)
	}
	rec.Retries = append(rec.Retries, r)
}
