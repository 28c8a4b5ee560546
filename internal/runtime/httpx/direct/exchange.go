package direct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"runtime"
	"sync"
	"time"
)

// maxInterim is how many 1xx answers may precede the final one. The longest
// honest series is 102 Processing every few seconds of a slow operation.
const maxInterim = 100

// exchange is one request and its answer on one connection, which is the
// exchange's own until end or fail.
type exchange struct {
	pool      *pool
	maxHeader int64
	c         *conn
	req       *http.Request
	plain     []byte                 // what plainRequest.of has made of req; nil if that is not to be used
	trace     *httptrace.ClientTrace // may be nil

	scopes *scopes
	scope  *scope // of the request's context; nil when that cannot end, and after the exchange
	at     int    // the place in it; guarded by scopes.mu

	up    *upload // nil for a request without a body
	begun bool    // the answer's first byte is here
	keep  bool    // both sides want to keep the connection
	came  *answer // nil until it has

	// What had gone wrong when fail was called, before its own clearing up
	// made more go wrong.
	own, writeErr, readErr error
	wrote                  int64 // bytes of the request that the socket took
}

// answer is memory for what an exchange returns. It is got when the answer comes,
// not when the request goes: with hundreds in flight it is still in the
// processor's cache then.
type answer struct {
	fields fields        // the header of a plain one
	resp   http.Response // itself
	sized  sized         // its body, as it comes from the connection
	body   body          // of any answer, as the caller reads it
}

// exchanges and answers are those whose memory was given back.
var (
	exchanges = sync.Pool{New: func() any { return new(exchange) }}
	answers   = sync.Pool{New: func() any { return new(answer) }}
)

// reuse gives x and its answer to other requests. Nobody may look at anything of
// them any more.
func (x *exchange) reuse() {
	a := x.came
	a.fields.clear()
	a.resp, a.sized, a.body = http.Response{}, sized{}, body{}
	answers.Put(a)
	*x = exchange{}
	exchanges.Put(x)
}

// crowd is from how many exchanges in flight a request lets everybody else run
// before it goes out. Where answers come faster than they are dealt with, requests
// then leave one right after the other, and a server on the same machine is woken
// once for many of them: with 50 in flight on one processor that is 4 % of the time
// of a small answer, over HTTP/2 15 %. With few in flight the server would run out
// of requests meanwhile: with five it would cost a quarter.
const crowd = 32

// run sends the request and reads the answer up to its body. When it returns
// an error the connection is closed, and the request's body too.
func (x *exchange) run() (*http.Response, error) {
	if others := x.scopes.enter(x.req.Context(), x); x.plain != nil && others >= crowd {
		runtime.Gosched()
	}
	if hasBody(x.req) {
		x.up = startUpload(x.c, x.req)
	} else if err := x.write(); err != nil {
		if x.c.link.writeErr.Load() == nil {
			return nil, x.fail(err, err)
		}
		x.c.link.hurry()
	}
	resp, err := x.answer()
	if err != nil {
		return nil, x.fail(err, nil)
	}
	resp.TLS = x.c.state
	x.keep = !resp.Close && (x.plain != nil || !wantsClose(x.req)) && resp.StatusCode >= 200
	if resp.Body == http.NoBody {
		x.end(true)
		return resp, nil
	}
	x.came.body = body{x: x, src: resp.Body, open: true}
	resp.Body = &x.came.body
	return resp, nil
}

// write sends a request without a body.
func (x *exchange) write() error {
	if x.plain != nil {
		return x.c.writePlain(x.plain)
	}
	return x.c.write(x.req)
}

// answer reads headers, interim ones included, within one budget.
func (x *exchange) answer() (*http.Response, error) {
	c := x.c
	c.headerLeft = x.maxHeader
	if _, err := c.br.Peek(1); err != nil {
		return nil, err // io.EOF here is the end without an answer
	}
	x.begun, x.came = true, answers.Get().(*answer)
	if x.trace != nil && x.trace.GotFirstResponseByte != nil {
		x.trace.GotFirstResponseByte()
	}
	for range maxInterim + 1 {
		resp, err := x.readResponse()
		switch {
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			// Requests that ask for it go to the fallback.
			return nil, errUnaskedSwitch
		case resp.StatusCode < 100 || resp.StatusCode > 199:
			c.headerLeft = -1
			return resp, nil
		}
		if x.trace != nil && x.trace.Got1xxResponse != nil {
			if err := x.trace.Got1xxResponse(resp.StatusCode, textproto.MIMEHeader(resp.Header)); err != nil {
				return nil, err
			}
		}
	}
	return nil, errTooManyInterim
}

// readResponse reads one header, and makes the body that follows it.
func (x *exchange) readResponse() (*http.Response, error) {
	a, br := x.came, x.c.br
	a.resp = http.Response{Request: x.req}
	if x.req.Method == http.MethodHead || !plainAnswer(br, &a.resp, &a.fields) {
		return http.ReadResponse(br, x.req)
	}
	a.resp.Body = http.NoBody
	if a.resp.ContentLength > 0 {
		a.sized = sized{br, a.resp.ContentLength}
		a.resp.Body = &a.sized
	}
	return &a.resp, nil
}

// end gives the connection back when the answer was read in full and nothing
// speaks against using it again, else it closes it.
func (x *exchange) end(whole bool) {
	unused := x.scopes.leave(x)
	switch {
	case !whole || !unused || !x.up.whole():
		x.c.abort()
		x.up.stop()
	case x.keep && x.c.br.Buffered() == 0 && x.c.link.writeErr.Load() == nil:
		x.c.rest()
		kept := x.pool.put(x.c)
		if x.trace != nil && x.trace.PutIdleConn != nil {
			var err error
			if !kept {
				err = errors.New("no room for another idle connection")
			}
			x.trace.PutIdleConn(err)
		}
	default:
		x.c.close()
	}
}

// fail closes the connection and says why the exchange failed. err was the
// last to notice; own is the reason if it lies in the request itself.
func (x *exchange) fail(err, own error) error {
	x.own, x.readErr = own, x.c.readErr
	if x.own == nil {
		x.own = x.up.cause()
	}
	if werr := x.c.link.writeErr.Load(); werr != nil {
		x.writeErr = *werr
	}
	x.scopes.leave(x)
	x.c.abort()
	x.up.stop()
	x.wrote = x.c.link.wrote.Load() // now that nobody writes any more
	if cause := ended(x.req.Context(), err); cause != nil {
		return cause
	}
	switch {
	case x.own != nil:
		return fmt.Errorf("write request: %w", x.own)
	case x.writeErr != nil && !x.begun:
		return x.explain(fmt.Errorf("write request: %w", x.writeErr))
	case x.readErr == nil:
		return &ResponseError{Err: err} // every byte that was asked for came
	case x.readErr == io.EOF && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w (%w)", io.ErrUnexpectedEOF, err)
	case x.readErr != io.EOF && !errors.Is(err, x.readErr):
		err = x.readErr // net/textproto takes a line that breaks off for a malformed one
	}
	return x.explain(fmt.Errorf("read response: %w", err))
}

func (x *exchange) explain(err error) error {
	if isDeadline(err) {
		return &TimeoutError{Phase: "read", After: x.c.link.silence, Err: err}
	}
	return err
}

// stale reports whether the failed exchange may be repeated on a new
// connection: this one had been idle and died without a byte of an answer, and
// the server cannot have acted upon the request, or may do so twice. The rules
// are net/http's.
func (x *exchange) stale() bool {
	if !x.c.reused || x.begun || x.own != nil || x.req.Context().Err() != nil {
		return false
	}
	if x.readErr == nil && x.writeErr == nil || isDeadline(x.readErr) || isDeadline(x.writeErr) {
		return false
	}
	if hasBody(x.req) && x.req.GetBody == nil {
		return false
	}
	return x.wrote == 0 || repeatable(x.req)
}

// crossed reports an answer that was not meant for the request: the server had
// grown tired of the idle connection and said 408 and goodbye, as the request
// was on its way. It may be repeated on a new one (RFC 9110 §15.5.9).
func (x *exchange) crossed(resp *http.Response) bool {
	return resp.StatusCode == http.StatusRequestTimeout && resp.Close && x.c.reused &&
		repeatable(x.req) && (!hasBody(x.req) || x.req.GetBody != nil)
}

// ended returns the cause of ctx's end, if that is what err is about. A
// deadline of ctx that a dialer or a connection keeps by itself may fire a
// moment before ctx does.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		at, ok := ctx.Deadline()
		if !ok || !isTimeout(err) || time.Now().Before(at) {
			return nil
		}
		<-ctx.Done()
	}
	return context.Cause(ctx)
}

func isDeadline(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}
