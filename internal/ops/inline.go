package ops

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// Inline says whether bodies go into the records too.
type Inline struct {
	Keep bool
	Max  int64 // bytes; a longer body is left out, never cut
}

// MaxInline is the largest Inline.Max: a record with such a body, every byte of
// it escaped, is still a line that results can be read back from.
const MaxInline = 16 << 20

// around makes out an Output that keeps the body too, if that is wanted.
func (i Inline) around(out files.Output) files.Output {
	if !i.Keep {
		return out
	}
	return &inlined{Output: out, max: i.Max}
}

// inlined is an Output that also keeps the body for the record, in memory, as
// far as it may be inlined.
type inlined struct {
	files.Output
	max  int64
	body []byte // the first max bytes
	n    int64  // bytes of the body
	gap  bool   // it began with what an earlier run had left, which was not seen here
}

var _ files.Output = (*inlined)(nil)

// Write passes p on and keeps what was written of it.
func (o *inlined) Write(p []byte) (int, error) {
	n, err := o.Output.Write(p)
	o.take(p[:n])
	return n, err
}

func (o *inlined) take(p []byte) {
	o.n += int64(len(p))
	o.body = append(o.body, p[:min(int64(len(p)), o.max-int64(len(o.body)))]...)
}

// Rewind drops what came after offset, here and below.
func (o *inlined) Rewind(offset int64) error {
	if err := o.Output.Rewind(offset); err != nil {
		return err
	}
	o.gap = offset > 0 && (o.gap || offset > o.n)
	o.n = offset
	o.body = o.body[:min(offset, int64(len(o.body)))]
	return nil
}

// refused takes the body of an answer that is not wanted: it is shown, but is
// nothing for the output.
type refused struct{ in *inlined }

func (r refused) Write(p []byte) (int, error) {
	r.in.take(p)
	return len(p), nil
}

// refusedBody is where the body of an unwanted answer to a task with that output
// goes; nil is nowhere.
func refusedBody(out files.Output) io.Writer {
	if in, ok := out.(*inlined); ok {
		return refused{in}
	}
	return nil
}

// putBody puts the body that out has kept into rec, or why it is not there. err
// is what the task's last attempt ended with, before the output is committed.
// Of an answer that did not come, or has no body by its nature, there is
// nothing to say.
func putBody(out files.Output, rec *task.Record, err error) {
	o, ok := out.(*inlined)
	if !ok {
		return
	}
	body := o.body
	o.body = nil // the record has a copy
	switch {
	case o.gap:
		rec.BodyOmitted = "an earlier run had begun it"
	case o.n == 0 && bodiless(rec):
	case !entire(rec, o.n, err):
		if o.n > 0 {
			rec.BodyOmitted = "not all of it was read"
		}
	case o.n > o.max:
		rec.BodyOmitted = fmt.Sprintf("longer than --inline-max (%d bytes)", o.max)
	default:
		rec.SetBody(body, isJSON(rec.ContentType))
	}
}

// entire reports whether the n bytes that came are a whole body.
func entire(rec *task.Record, n int64, err error) bool {
	if rec.Outcome == task.NotModified {
		return err == nil
	}
	if rec.Bytes != n {
		return false
	}
	if _, status := errors.AsType[*httpx.StatusError](err); err == nil || status {
		return true
	}
	switch httpx.Classify(err) {
	case task.ErrExpect, task.ErrExit, task.ErrSignal:
		return true
	}
	return false
}

// bodiless reports an answer that cannot have a body (RFC 9110 §6.4.1).
func bodiless(rec *task.Record) bool {
	return rec.Method == "HEAD" || rec.Status == 204 || rec.Status == 205 || rec.Status == 304 && rec.Outcome != task.NotModified
}

// isJSON reports whether a content type says that a body is JSON: as
// application/json, or with a +json suffix (RFC 6839 §3.1).
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil { // a bad parameter does not make it another type
		kind, _, _ = strings.Cut(contentType, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	return kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}
