package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// Exchange is one URL to fetch.
type Exchange struct {
	Task   *task.Task
	URL    url.URL               // one of the task's mirrors
	Origin string                // of URL, as Origin has it; empty when the caller does not know it
	Accept func(status int) bool // the statuses that are wanted
	Sink   Sink
	// ShowHeader writes the header section of the answer to the Sink, before the
	// body, in the form that HTTP/1.1 gives it.
	ShowHeader bool
	Found      *Found // what the Sink holds already, to be gone on with; nil is nothing
	// Refused gets the decoded bodies of answers whose status is not wanted, each
	// after a Rewind of the Sink to 0 but the first; up to 1 MiB, the record has
	// no Bytes where that is not the whole. It may not fail. Nil is none.
	Refused io.Writer
	Answer  *Answer // filled by the last attempt; nil is not asked for

	Slot   *asynccore.Slot // of the task's job; nil: the one in Fetch's context
	Queued time.Time       // when the task was submitted; zero when its wait is already booked
	Mark   *Mark           // of the URL's origin at that time
	// Since is when the task began at another mirror, nil when it did not: its
	// time limits count from then.
	Since *time.Time
	// Stop ends the waits of the task and keeps it from trying again, while an
	// attempt that is on the wire goes on until Fetch's own context ends.
	Stop context.Context

	header http.Header
}

// Fetch runs the exchange to its end and writes what happened into rec, whose
// outcome and error are left to the caller. The slot must be that of a job of the
// asynccore.Runner that asks the Client's Gate; it is used, and given back while
// the task waits.
//
// It returns nil when a whole, wanted answer is in the Sink. Else it returns
// the last attempt's error with its type, a *TimeoutError when the task's own
// timeout is over, or the cause of the end of ctx or Stop.
func (c *Client) Fetch(ctx context.Context, spec Exchange, rec *task.Record) error {
	k, now := kits.Get().(*kit), time.Now()
	ex := &k.exchange // which is zero
	ex.Context, ex.kit, ex.client, ex.spec, ex.rec, ex.slot = ctx, k, c, spec, rec, spec.Slot
	if ex.slot == nil {
		ex.slot = asynccore.SlotFrom(ctx)
	}
	ex.policy, ex.maxTime, ex.origin = c.cfg.Retry, c.cfg.MaxTime, spec.Origin
	ex.began, ex.booked, ex.attemptBegan, ex.before = now, now, now, rec.Attempts
	err := ex.run()
	k.putBack(err)
	return err
}

// run is Fetch.
func (ex *exchange) run() error {
	c, spec := ex.client, &ex.spec
	if ex.origin == "" {
		ex.origin = Origin(&spec.URL)
	}
	if ex.host = c.cfg.Hosts.Of(ex.origin).forURL(&spec.URL); ex.host != nil {
		ex.policy, ex.maxTime = ex.host.Retry, ex.host.MaxTime
	}
	if spec.Since == nil { // else the slot was for a request to another mirror
		ex.granted = ex.slot.Held() && ex.slot.Key() == ex.origin
	} else {
		ex.began = *spec.Since
	}
	if limit := spec.Task.Timeout; limit > 0 {
		var release func()
		ex.Context, release = ex.within(ex.Context, limit)
		defer release()
	}
	if retries := spec.Task.Retry; retries != nil {
		ex.policy.Max = *retries
	}
	if !spec.Queued.IsZero() {
		ex.booked = spec.Queued
		ex.bookWait(ex.origin, spec.Queued, ex.began, spec.Mark)
	}
	if want := spec.Task.Expect; want != nil {
		if err := ex.expecting(want); err != nil {
			return err
		}
	}
	if err := ex.newRequest(&ex.kit.again, &ex.kit.req); err != nil {
		return err
	}
	if spec.Found != nil {
		if err := ex.adoptFound(); err != nil {
			return err
		}
	}
	err := ex.do()
	if ex.expect != nil {
		err = ex.expect.judge(ex, err)
	}
	return err
}

// within bounds the task, its waits as well as what is on the wire. Nothing is
// begun that would not fit.
func (ex *exchange) within(ctx context.Context, limit time.Duration) (_ context.Context, release func()) {
	at, cause := ex.began.Add(limit), &TimeoutError{task.ErrTimeoutTotal, limit}
	ctx, cancel := context.WithDeadlineCause(ctx, at, cause)
	stop, cancelStop := context.WithDeadlineCause(ex.spec.Stop, at, cause)
	ex.spec.Stop = stop
	if budget := ex.policy.MaxTime; budget <= 0 || limit < budget {
		ex.policy.MaxTime = limit
	}
	return ctx, func() { cancel(); cancelStop() }
}

// newRequest makes again, on req, the request that all attempts send.
func (ex *exchange) newRequest(again *retryablehttp.Request, req *http.Request) error {
	t := ex.spec.Task
	header, host, err := ex.client.requestHeader(t, ex.host, &ex.spec.URL)
	if err != nil {
		return err
	}
	ex.spec.header = header
	*req = *(&http.Request{
		Method: t.EffectiveMethod(), URL: anonymous(&ex.spec.URL), Host: host, Header: noHeader,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ex)
	again.Request = req
	switch {
	case t.BodyFile != "":
		var body bodyFile
		if body, err = newBodyFile(t.BodyFile); err == nil {
			err = again.SetBody(retryablehttp.ReaderFunc(body.open))
			req.ContentLength = body.size
		}
	case t.Body != nil && len(t.Body) == 0:
		err = again.SetBody(retryablehttp.ReaderFunc(func() (io.Reader, error) { return http.NoBody, nil }))
	case t.Body != nil:
		err = again.SetBody(retryablehttp.ReaderFunc(func() (io.Reader, error) { return bytes.NewReader(t.Body), nil }))
	}
	return err
}

// AsTaskError returns err as a record's error: with its type, and with the
// number of attempts where there was more than one.
func AsTaskError(err error, attempts int) *task.Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*task.Error](err); ok {
		return e
	}
	message := plain(err).Error()
	if attempts > 1 {
		message = fmt.Sprintf("%s after %d attempts", message, attempts)
	}
	return &task.Error{Type: Classify(err), Message: message, Err: err}
}
