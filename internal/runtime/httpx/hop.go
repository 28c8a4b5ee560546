package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// errStorm ends an attempt in which the layers below sent the request again
// and again on their own: HTTP/2 does so for each GOAWAY, without a bound (1,926
// requests within one Do were seen), and no retry count above would notice.
var errStorm = &task.Error{Type: task.ErrReset, Message: "the server kept giving the request back unanswered"}

// hop is one request on the wire: an attempt, or one redirect within it.
type hop struct {
	ex     *exchange
	let    request      // its standing with the gate
	out    http.Request // as it is sent
	body   hopBody      // of its answer
	status int

	ctx    context.Context // the task's, or one that ends with --max-time, too
	cancel func()          // of the latter; nil without it
	began  time.Time
	answer time.Time // when the headers were there
	conn   *conn     // nil until there is one
	reused bool
	ended  bool

	private bool // nobody but the task's goroutine has seen the request

	tlsBegan, tlsTook atomic.Int64 // since began; took is 0 without a handshake
}

// begin starts the clocks and makes out of req what is sent.
func (h *hop) begin(req *http.Request) {
	h.began, h.ctx = h.let.began, req.Context()
	h.out = *req
	if left := h.ex.maxTime; left > 0 {
		ctx, cancel := context.WithCancelCause(h.ctx)
		timer := time.AfterFunc(left-h.ex.spent, func() { cancel(&TimeoutError{task.ErrTimeoutTotal, left}) })
		h.ctx, h.cancel = ctx, func() { timer.Stop(); cancel(nil) }
		h.out = *req.WithContext(ctx)
	}
	h.out.Header = h.ex.headerNow()
}

// gotConn is called when the request is about to be written on a connection,
// also when a layer below sends it again. With an error it must not be written.
func (h *hop) gotConn(info httptrace.GotConnInfo) error {
	if h.ex.wires > h.ex.hops {
		return errStorm // it counts for nothing
	}
	h.conn, h.reused = made(info.Conn), info.Reused
	h.ex.sent = true
	h.ex.wires++
	return nil
}

// tlsStart and tlsDone time the handshake. http.Transport calls them on a
// goroutine of its own, which may go on when nobody waits for it any more; and
// once more, for no time, about a connection that was handed over to it.
func (h *hop) tlsStart() { h.tlsBegan.Store(int64(time.Since(h.began))) }

func (h *hop) tlsDone(tls.ConnectionState, error) {
	h.tlsTook.Store(max(1, int64(time.Since(h.began))-h.tlsBegan.Load(), h.tlsTook.Load()))
}

// because returns why the request really ended: the limit or the cancelling
// behind an error, and the cause without the URL around it.
func (h *hop) because(err error) error {
	if cause := context.Cause(h.ctx); cause != nil {
		return cause
	}
	return plain(err)
}

// blame says what a failed request tells of its origin. The task's own timeout
// is the origin's fault where most of it was spent on this one request.
func (h *hop) blame(err error) verdict {
	switch kind := Classify(err); {
	case kind == task.ErrTimeoutConnect, kind == task.ErrTimeoutRead:
		return timeout
	case kind == task.ErrTimeoutTotal && (context.Cause(h.ex.Context) == nil || time.Since(h.began) > h.ex.spec.Task.Timeout/2):
		return timeout
	case context.Cause(h.ex.Context) != nil || isLocal(err) || kind == task.ErrInput:
		return neutral
	}
	return failure
}

// end settles the hop, once: timers, time accounts, gate.
func (h *hop) end(v verdict, err error) {
	if h.ended {
		return
	}
	h.ended = true
	if h.cancel != nil {
		h.cancel()
	}
	now := time.Now()
	h.ex.spent += now.Sub(h.began)
	h.account(now, err)
	h.let.settle(v, now)
}

// account books the time since the last booking, up to now, in the record's
// timing: the hop's, with whatever of ours came before it.
func (h *hop) account(now time.Time, err error) {
	t := &h.ex.rec.Timing
	s := setup{task.Unknown, task.Unknown}
	if h.conn != nil && !h.reused {
		s = h.conn.setup
	} else if failed, ok := errors.AsType[*DialError](err); ok {
		s = failed.setup
	}
	// A connection may have been begun for another request: of the time that it
	// took, only what this one waited for counts.
	h.ex.bookTook(&t.DNS, s.dns, h.answer)
	h.ex.bookTook(&t.Connect, s.connect, h.answer)
	if took := time.Duration(h.tlsTook.Load()); took > 0 {
		h.ex.bookTook(&t.TLS, took, h.answer)
	}
	if h.conn == nil {
		h.ex.book(&t.Connect, h.answer)
	} else {
		h.ex.book(&t.FirstByte, h.answer)
	}
	if h.status != 0 {
		h.ex.book(&t.Transfer, now)
	}
}
