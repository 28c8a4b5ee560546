package httpx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/task"
)

// A Sink takes the body of a task. Writes come in order, and an error of one
// ends the task: it is ours, not the server's. Rewind drops all that was
// written after offset, for an attempt that begins there; where that cannot be
// done any more (bytes on a pipe) it fails, and there is no further attempt.
type Sink interface {
	io.Writer
	Rewind(offset int64) error
}

// An Announcer is a Sink that is told, before the body of an answer, how many
// bytes it will bring: -1 when that is not known.
type Announcer interface{ Announce(more int64) }

// Discard is a Sink that keeps nothing.
var Discard Sink = discard{}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Rewind(int64) error          { return nil }

// consume reads the answer of an attempt within the attempt: go-retryablehttp
// calls it as the response handler, so that a body that breaks is retried like
// anything else. It closes the body.
func (ex *exchange) consume(resp *http.Response) error {
	ex.consumed = true
	defer resp.Body.Close()
	ex.describe(resp)
	if ex.part != nil {
		if done, err := ex.goOn(resp); done || err != nil {
			return err
		}
	}
	if !ex.spec.Accept(resp.StatusCode) {
		return ex.refuse(resp)
	}
	if err := ex.unasked(resp); err != nil {
		return err
	}
	if ex.spec.ShowHeader {
		if err := showHeader(ex.spec.Sink, resp); err != nil {
			return &SinkError{err}
		}
	}
	return ex.read(resp, 0)
}

// describe puts what the headers tell into the record.
func (ex *exchange) describe(resp *http.Response) {
	r := ex.rec
	r.Status, r.Protocol, r.Bytes, r.Resumed = resp.StatusCode, resp.Proto, task.Unknown, task.Unknown
	if ex.expect != nil {
		ex.expect.header = resp.Header
	}
	r.ContentType = first(resp.Header, "Content-Type")
	r.Headers = keep(r.Headers[:0], resp.Header)
	ex.spec.Answer.fill(resp)
	if resp.Request.Response != nil { // a redirect led here
		r.FinalURL = task.RedactURL(resp.Request.URL.String())
	}
}

// unasked reports answers that only a conditional or a range request may get
// (RFC 9110 §15.3.7, §15.4.5): taken for the whole, they would be a lie.
func (ex *exchange) unasked(resp *http.Response) error {
	sent := resp.Request.Header
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if sent.Get("Range") == "" {
			return &ResponseError{"206 Partial Content, which was not asked for"}
		}
	case http.StatusNotModified:
		if sent.Get("If-None-Match") == "" && sent.Get("If-Modified-Since") == "" {
			return &ResponseError{"304 Not Modified, which was not asked for"}
		}
	}
	return nil
}

// read copies the body, of which n bytes are in the sink already, to the sink:
// decoded, counted, bounded, and to the end of both what was sent and what it
// decodes to.
func (ex *exchange) read(resp *http.Response, n int64) error {
	n, err := ex.copyBody(resp, n)
	if err != nil {
		ex.broke(resp, n)
	}
	return err
}

// copyBody does, and returns how much of the body it has seen.
func (ex *exchange) copyBody(resp *http.Response, n int64) (int64, error) {
	wire := &ex.kit.wire
	*wire = wireReader{r: resp.Body}
	body, err := decoded(resp, wire)
	if err != nil {
		return n, ex.broken(wire, n, err)
	}
	more, limit := resp.ContentLength, ex.client.cfg.MaxBody
	if coded(resp) {
		more = -1 // what it decodes to is not announced
	}
	if limit > 0 && n+more > limit && hasBody(resp) {
		return n, &BodyError{task.ErrTooLarge, n, fmt.Errorf("%d bytes announced, longer than --max-filesize (%d bytes)", n+more, limit)}
	}
	if sink, ok := ex.spec.Sink.(Announcer); ok {
		sink.Announce(more)
	}
	c := conveyor{body: body, sink: ex.spec.Sink, expect: ex.expect}
	c.start(resp)
	defer c.stop()
	for {
		k, err := c.next()
		if n += k; limit > 0 && n > limit {
			return n, &BodyError{task.ErrTooLarge, n, fmt.Errorf("longer than --max-filesize (%d bytes)", limit)}
		}
		if k > 0 {
			if err := c.pass(n-k, k); err != nil {
				return n, &SinkError{err}
			}
		}
		if err == io.EOF {
			ex.rec.Bytes = n
			return n, nil
		}
		if err != nil {
			ex.rec.Bytes = n
			return n, ex.broken(wire, n, err)
		}
	}
}

// broken gives the error that a body ended with its type: what the connection
// did comes before what the decoder made of it.
func (ex *exchange) broken(wire *wireReader, n int64, err error) error {
	if wire.err == nil || wire.err == io.EOF {
		return &BodyError{task.ErrDecode, n, err}
	}
	err = wire.err
	if t, ok := errors.AsType[typed](err); ok {
		if kind := task.ErrorType(t.ErrorType()); kind == task.ErrBadResponse {
			return &BodyError{kind, n, err}
		}
		return err // a timeout
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &BodyError{task.ErrShortBody, n, err}
	case strings.Contains(err.Error(), "chunk"): // net/http's errors for this are private
		return &BodyError{task.ErrBadResponse, n, err}
	}
	return &BodyError{Classify(err), n, err}
}

// wireReader remembers how the body as it was sent ended.
type wireReader struct {
	r   io.Reader
	err error
}

func (w *wireReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// Fill is Read into a pipe, where the body can do that.
func (w *wireReader) Fill(p *splice.Pipe, max int64) (int64, error) {
	src, ok := w.r.(splice.Source)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := src.Fill(p, max)
	if err != nil && err != errors.ErrUnsupported {
		w.err = err
	}
	return n, err
}

// showHeader writes what curl -I shows.
func showHeader(w io.Writer, resp *http.Response) error {
	if _, err := fmt.Fprintf(w, "%s %s\r\n", resp.Proto, resp.Status); err != nil {
		return err
	}
	if err := resp.Header.Write(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\r\n")
	return err
}
