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

// watchdog is the RoundTripper that ends a request after a silence, for
// transports that do not do so themselves: http.Transport bounds the wait for
// the headers only, and an HTTP/2 connection is shared, so that the silence of
// one stream is not that of the connection.
type watchdog struct {
	next    http.RoundTripper
	silence time.Duration                // 0 is none
	of      func(*url.URL) time.Duration // in place of silence; nil is the same for all
}

var _ http.RoundTripper = (*watchdog)(nil)

func (w *watchdog) RoundTrip(req *http.Request) (*http.Response, error) {
	silence := w.silence
	if w.of != nil {
		silence = w.of(req.URL)
	}
	if silence <= 0 {
		return w.next.RoundTrip(req)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	// From when there is a connection, or another one: dialling has a limit of
	// its own.
	var timer *time.Timer
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if timer != nil {
			timer.Reset(silence)
		} else {
			timer = time.AfterFunc(silence, func() { cancel(&TimeoutError{task.ErrTimeoutRead, silence}) })
		}
	}})
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		if timer != nil {
			timer.Stop()
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	resp.Request = req
	if timer == nil { // cannot be: an answer came on a connection
		timer = time.AfterFunc(silence, func() { cancel(&TimeoutError{task.ErrTimeoutRead, silence}) })
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: timer, silence: silence}
	return resp, nil
}

// CloseIdleConnections closes those of the transport behind.
func (w *watchdog) CloseIdleConnections() { closeIdle(w.next) }

type watchedBody struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	silence time.Duration
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.silence)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop() // the time between two Reads is ours, not the server's
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
