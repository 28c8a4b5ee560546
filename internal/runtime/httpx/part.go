package httpx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/specify-cli/specify/internal/task"
)

// Found is the beginning of a body that an earlier run, or another tool, has
// left in the Sink. Nothing is known of it but its length and its age.
type Found struct {
	Bytes   int64
	Written time.Time // when last
}

// part is the beginning of a body that is in the Sink, and what is known of
// the entity that it belongs to: enough to ask for the rest, and to tell the
// rest of this entity from anything else.
//
// Two rules keep it from ever being a mix: a part that broke within this task
// goes on only with a strong validator, which the answer must repeat; and one
// whose answer leaves any doubt is dropped, and the whole is fetched anew.
type part struct {
	have      int64
	total     int64  // of the entity; -1 is not known
	validator string // for If-Range; empty where the bytes were found
	from      string // the URL that answered, without its query
	written   time.Time
}

// adoptFound begins with what was found in the Sink, or without it where the
// request is not one whose answer can be continued.
func (ex *exchange) adoptFound() error {
	found := ex.spec.Found
	// What is expected of an answer cannot be told of bytes found on a disk.
	if !ex.rangeable() || ex.spec.Task.Expect != nil {
		if err := ex.spec.Sink.Rewind(0); err != nil {
			return &SinkError{err}
		}
		return nil
	}
	ex.part = &part{have: found.Bytes, total: -1, written: found.Written}
	return nil
}

// rangeable reports whether the request may ask for the rest of a body: a GET
// (RFC 9110 §14.2) whose header says nothing of ranges itself.
func (ex *exchange) rangeable() bool {
	t := ex.spec.Task
	return ex.rec.Method == http.MethodGet && t.Body == nil && t.BodyFile == "" && !ex.spec.ShowHeader &&
		ex.spec.header["Range"] == nil && ex.spec.header["If-Range"] == nil
}

// broke notes what there is of a body that broke after n bytes, for the next
// attempt to go on with. Only what came as it is can be: the bytes of a body
// that was decoded are not those that a range counts.
func (ex *exchange) broke(resp *http.Response, n int64) {
	before := ex.part
	ex.part = nil
	if coded(resp) {
		_ = ex.spec.Sink.Rewind(0) // a later run, too, could only go on with it wrongly; a pipe has it already
		return
	}
	p := &part{have: n, total: resp.ContentLength, validator: strongValidator(resp.Header), from: resource(resp)}
	found := false
	if before != nil { // resp was its rest
		p.total, p.written = before.total, before.written
		found = before.validator == ""
	} else if resp.StatusCode != http.StatusOK {
		return
	}
	// What was found goes on as it began, without a validator: to start over
	// would throw away what the user has asked to keep.
	if n == 0 || ex.refused || p.total >= 0 && n >= p.total || p.validator == "" && !found || !ex.rangeable() {
		return
	}
	ex.part = p
}

// kept is how much of what is in the Sink the next attempt begins with.
func (ex *exchange) kept() int64 {
	if ex.part == nil {
		return 0
	}
	return ex.part.have
}

// ask makes header that of a request for the rest. A range of a
// compressed body would be of no use: its bytes are others.
func (p *part) ask(header http.Header) {
	header.Set("Range", fmt.Sprintf("bytes=%d-", p.have))
	header.Set("Accept-Encoding", "identity")
	if p.validator != "" {
		header.Set("If-Range", p.validator)
	}
}

// goOn deals with the answer to a request for the rest. done is false when it
// is to be taken like any other: an error, or the whole body anew.
func (ex *exchange) goOn(resp *http.Response) (done bool, err error) {
	p := ex.part
	switch {
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "multipart/byteranges") && resp.StatusCode == http.StatusPartialContent:
		return true, &ResponseError{"206 with several parts, where one range was asked for"} // RFC 9110 §15.3.7.2
	case resp.StatusCode == http.StatusPartialContent:
		r, ok := p.rest(resp)
		if !ok {
			return true, ex.startOver(resp)
		}
		p.total = r.total
		return true, ex.readRest(resp, r)
	case p.wholeAlready(resp):
		ex.rec.Bytes, ex.rec.Resumed = p.have, p.have
		return true, nil
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable, resp.StatusCode == http.StatusOK && coded(resp):
		return true, ex.startOver(resp)
	case !ex.spec.Accept(resp.StatusCode):
		return false, nil
	}
	return false, ex.drop()
}

// rest checks that a 206 holds the bytes that follow ours, of the same entity.
func (p *part) rest(resp *http.Response) (contentRange, bool) {
	r, ok := rangeOf(resp.Header)
	switch {
	case !ok, r.first != p.have, r.total < 0, p.total >= 0 && r.total != p.total,
		resp.ContentLength >= 0 && resp.ContentLength != r.last-r.first+1, coded(resp):
		return r, false
	case p.validator == "":
		return r, !p.outdated(resp.Header)
	}
	return r, sameEntity(p.validator, resp.Header) && resource(resp) == p.from
}

// outdated reports that bytes which were found are older than the entity that
// the server has now: they are the beginning of another one.
func (p *part) outdated(h http.Header) bool {
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	return err == nil && modified.After(p.written)
}

// wholeAlready reports that nothing is missing of what was found: there is
// nothing behind it, or all that the server has is as long.
func (p *part) wholeAlready(resp *http.Response) bool {
	if p.validator != "" || p.outdated(resp.Header) {
		return false
	}
	switch resp.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		r, ok := rangeOf(resp.Header)
		return ok && r.first < 0 && r.total == p.have
	case http.StatusOK:
		return resp.ContentLength == p.have && !coded(resp)
	}
	return false
}

// readRest appends the piece that a 206 holds.
func (ex *exchange) readRest(resp *http.Response, r contentRange) error {
	resp.Body = &piece{ReadCloser: resp.Body, left: r.last - r.first + 1}
	ex.rec.Resumed = r.first
	err := ex.read(resp, r.first)
	if err == nil && r.last+1 < r.total { // true as far as it went
		ex.broke(resp, r.last+1)
		return &BodyError{task.ErrShortBody, r.last + 1, io.ErrUnexpectedEOF}
	}
	return err
}

// errTakenBack ends a task whose Sink is a pipe that took what turned out to be
// the beginning of something else.
var errTakenBack = &ResponseError{"the server cannot go on with what it sent, and what was written cannot be taken back"}

// drop forgets what there is: the whole is coming.
func (ex *exchange) drop() error {
	ex.part = nil
	if ex.spec.Sink.Rewind(0) != nil {
		return errTakenBack
	}
	return nil
}

// startOver asks for the whole, since resp is not the rest. It is part of the
// same attempt, like a redirect, and happens once in a task: the server sees one
// request more than there are attempts, and no more.
func (ex *exchange) startOver(resp *http.Response) error {
	ex.refused = true
	if err := ex.drop(); err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil { // the gate counts one request at a time
		return err
	}
	var whole retryablehttp.Request
	if err := ex.newRequest(&whole, new(http.Request)); err != nil {
		return err
	}
	ex.header, ex.strayed = ex.spec.header, false
	resp, err := ex.client.http.Do(whole.Request)
	if err != nil {
		return err
	}
	return ex.consume(resp)
}

// coded reports whether a body came in a content coding.
func coded(resp *http.Response) bool {
	for _, value := range resp.Header["Content-Encoding"] {
		if value = strings.TrimSpace(value); value != "" && !strings.EqualFold(value, "identity") {
			return true
		}
	}
	return false
}

// resource names what answered. The query of a signed URL is another each time.
func resource(resp *http.Response) string {
	u := resp.Request.URL
	return Origin(u) + u.EscapedPath()
}

// piece is a body of a length that is known beforehand, however it is framed.
type piece struct {
	io.ReadCloser
	left int64
}

var errOverlong = &ResponseError{"more bytes than its Content-Range says"}

func (p *piece) Read(b []byte) (int, error) {
	if p.left == 0 { // the end must come now
		var one [1]byte
		n, err := p.ReadCloser.Read(one[:])
		if n > 0 {
			return 0, errOverlong
		}
		return 0, err
	}
	if int64(len(b)) > p.left {
		b = b[:p.left]
	}
	n, err := p.ReadCloser.Read(b)
	if p.left -= int64(n); err == io.EOF && p.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
