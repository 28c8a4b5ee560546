package httpx

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/task"
)

// longProbe is for how long the body of a breaker's probe must have come for
// the probe to count as a success before its end: an origin that breaks every
// body is not back with its headers, and the rest of its tasks need not wait for
// a long one.
const longProbe = time.Second

// attempts is the RoundTripper that sends one request, already let through by
// the gate, under its time limits, and accounts for its time.
type attempts struct{ next http.RoundTripper }

var _ http.RoundTripper = (*attempts)(nil)

// RoundTrip sends req. The body of its response must be read to its end or
// closed: that settles the hop.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ex := exchangeOf(req.Context())
	h := ex.hop
	h.begin(req)
	resp, err := a.next.RoundTrip(&h.out)
	h.answer = time.Now()
	if err != nil {
		err = h.because(err)
		h.end(h.blame(err), err)
		return nil, uniform(err)
	}
	h.status = resp.StatusCode
	if h.conn != nil {
		ex.rec.Remote = h.conn.remote
	}
	v := ex.judge(resp)
	if resp.Body == http.NoBody {
		h.end(v, nil)
		return resp, nil
	}
	h.body = hopBody{ReadCloser: resp.Body, hop: h, verdict: v}
	resp.Body = &h.body
	return resp, nil
}

// uniform gives the transports' own timeouts the one form that records show.
func uniform(err error) error {
	if limit, ok := errors.AsType[*direct.TimeoutError](err); ok {
		return &TimeoutError{task.ErrorType(limit.ErrorType()), limit.After}
	}
	return err
}

// hopBody is a response body under the read timeout.
type hopBody struct {
	io.ReadCloser
	hop     *hop
	verdict verdict // of the answer, if the body keeps what the headers promise
}

func (b *hopBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, b.saw(err)
}

// Fill is Read into a pipe, where the body below can do that.
func (b *hopBody) Fill(p *splice.Pipe, max int64) (int64, error) {
	src, ok := b.ReadCloser.(splice.Source)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := src.Fill(p, max)
	if err == errors.ErrUnsupported {
		return 0, err
	}
	return n, b.saw(err)
}

// saw settles the hop when the body has ended, and returns what it ended with.
func (b *hopBody) saw(err error) error {
	switch {
	case err == nil:
		if b.hop.let.probe && b.verdict == success {
			if now := time.Now(); now.Sub(b.hop.answer) > longProbe {
				b.hop.let.settle(success, now)
			}
		}
	case err == io.EOF:
		b.hop.end(b.verdict, nil)
	default:
		err = b.hop.because(err)
		b.hop.end(b.hop.blame(err), nil)
		err = uniform(err)
	}
	return err
}

func (b *hopBody) Close() error {
	err := b.ReadCloser.Close()
	b.hop.end(b.verdict, nil)
	return err
}
