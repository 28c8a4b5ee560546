package httpx

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// watchdog is the RoundTripper that watches over a request, and ends it after a
// silence, for transports that do not do so themselves: http.Transport bounds
// the wait for the headers only, and an HTTP/2 connection is shared, so that the
// silence of one stream is not that of the connection.
type watchdog struct {
	next    http.RoundTripper
	silence time.Duration                // 0 is none
	of      func(*url.URL) time.Duration // in place of silence; nil is the same for all
	hooks   Hooks
}

// watched is next, an http.Transport, watched over as cfg says.
func watched(next http.RoundTripper, cfg Config) *watchdog {
	return &watchdog{next: next, silence: cfg.ReadTimeout, of: cfg.readTimeouts(), hooks: cfg.Hooks}
}

var _ http.RoundTripper = (*watchdog)(nil)

func (w *watchdog) RoundTrip(req *http.Request) (*http.Response, error) {
	w.hooks.delegated()
	silence := w.silence
	if w.of != nil {
		silence = w.of(req.URL)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	hop := exchangeOf(ctx).hop
	dog := &alarm{limit: silence, ring: func() { cancel(&TimeoutError{task.ErrTimeoutRead, silence}) }}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart: hop.tlsStart, TLSHandshakeDone: hop.tlsDone,
		GotConn: func(info httptrace.GotConnInfo) {
			if err := hop.gotConn(info); err != nil {
				cancel(err)
			}
			dog.set() // from when there is a connection, or another one: dialling has a limit of its own
		},
	})
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		dog.stop()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	resp.Request = req
	resp.Body = &watchedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, dog: dog}
	return resp, nil
}

// alarm rings when its limit has passed since it was last set, unless it was
// stopped; without a limit it never does.
type alarm struct {
	limit time.Duration
	ring  func()
	timer *time.Timer // nil until it was set
}

func (a *alarm) set() {
	switch {
	case a.limit <= 0:
	case a.timer != nil:
		a.timer.Reset(a.limit)
	default:
		a.timer = time.AfterFunc(a.limit, a.ring)
	}
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// CloseIdleConnections closes those of the transport behind.
func (w *watchdog) CloseIdleConnections() { closeIdle(w.next) }

type watchedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	dog    *alarm
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.dog.set()
	n, err := b.ReadCloser.Read(p)
	b.dog.stop() // the time between two Reads is ours, not the server's
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.dog.stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
