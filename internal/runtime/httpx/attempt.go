package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
	"github.com/specify-cli/specify/internal/task"
)

// errStorm ends an attempt in which the layers below sent the request again
// and again on their own: HTTP/2 does so for each GOAWAY, without a bound (1,926
// requests within one Do were seen), and no retry count above would notice.
var errStorm = &task.Error{Type: task.ErrReset, Message: "the server kept giving the request back unanswered"}

// longProbe is for how long the body of a breaker's probe must have come for
// the probe to count as a success before its end: an origin that breaks every
// body is not back with its headers, and the rest of its tasks need not wait for
// a long one.
const longProbe = time.Second

// attempts is the RoundTripper that sends one request, already let through by
// the gate, under its time limits, and accounts for its time.
type attempts struct{ next http.RoundTripper }

var _ http.RoundTripper = (*attempts)(nil)

// hop is one request on the wire: an attempt, or one redirect within it.
type hop struct {
	ex     *exchange
	req    *request // its standing with the gate
	status int

	ctx    context.Context
	cancel context.CancelCauseFunc
	total  *time.Timer // fires at the end of --max-time; nil without
	began  time.Time
	answer time.Time // when the headers were there
	conn   *conn     // nil until there is one
	reused bool
	ended  bool

	tlsBegan, tlsTook atomic.Int64 // since began; took is 0 without a handshake
}

// RoundTrip sends req. The body of its response must be read to its end or
// closed: that settles the hop.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ex := exchangeOf(req.Context())
	h := &hop{ex: ex, req: ex.request, began: time.Now()}
	h.ctx, h.cancel = context.WithCancelCause(req.Context())
	if left := ex.maxTime; left > 0 {
		h.total = time.AfterFunc(left-ex.spent, func() {
			h.cancel(&TimeoutError{task.ErrTimeoutTotal, left})
		})
	}
	ctx := httptrace.WithClientTrace(h.ctx, &httptrace.ClientTrace{
		GotConn: h.gotConn, TLSHandshakeStart: h.tlsStart, TLSHandshakeDone: h.tlsDone,
	})

	out := req.WithContext(ctx)
	out.Header = ex.headerNow()
	resp, err := a.next.RoundTrip(out)
	h.answer = time.Now()
	if err != nil {
		err = h.because(err)
		h.end(h.blame(err), err)
		return nil, uniform(err)
	}
	h.status = resp.StatusCode
	if h.ex.rec != nil && h.conn != nil {
		h.ex.rec.Remote = h.conn.remote
	}
	v := h.ex.judge(resp)
	if resp.Body == http.NoBody {
		h.end(v, nil)
		return resp, nil
	}
	resp.Body = &hopBody{ReadCloser: resp.Body, hop: h, verdict: v}
	return resp, nil
}

// gotConn is called when the request is about to be written on a connection,
// also when a layer below sends it again.
func (h *hop) gotConn(info httptrace.GotConnInfo) {
	if h.ex.wires > h.ex.hops {
		h.cancel(errStorm) // before it is written, so that it counts for nothing
		return
	}
	h.conn, h.reused = made(info.Conn), info.Reused
	h.ex.sent = true
	h.ex.wires++
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

// uniform gives the transports' own timeouts the one form that records show.
func uniform(err error) error {
	if limit, ok := errors.AsType[*direct.TimeoutError](err); ok {
		return &TimeoutError{task.ErrorType(limit.ErrorType()), limit.After}
	}
	return err
}

// blame says what a failed request tells of its origin. The task's own timeout
// is the origin's fault where most of it was spent on this one request.
func (h *hop) blame(err error) verdict {
	switch kind := Classify(err); {
	case kind == task.ErrTimeoutConnect, kind == task.ErrTimeoutRead:
		return timeout
	case kind == task.ErrTimeoutTotal && (context.Cause(h.ex.ctx) == nil || time.Since(h.began) > h.ex.spec.Task.Timeout/2):
		return timeout
	case context.Cause(h.ex.ctx) != nil || isLocal(err) || kind == task.ErrInput:
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
	if h.total != nil {
		h.total.Stop()
	}
	h.cancel(nil)
	now := time.Now()
	h.ex.spent += now.Sub(h.began)
	h.account(now, err)
	h.req.settle(v)
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

// hopBody is a response body under the read timeout.
type hopBody struct {
	io.ReadCloser
	hop     *hop
	verdict verdict // of the answer, if the body keeps what the headers promise
}

func (b *hopBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
		if b.hop.req.probe && b.verdict == success && time.Since(b.hop.answer) > longProbe {
			b.hop.req.settle(success)
		}
	case err == io.EOF:
		b.hop.end(b.verdict, nil)
	default:
		err = b.hop.because(err)
		b.hop.end(b.hop.blame(err), nil)
		err = uniform(err)
	}
	return n, err
}

func (b *hopBody) Close() error {
	err := b.ReadCloser.Close()
	b.hop.end(b.verdict, nil)
	return err
}
