package httpx

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Answer is what the last attempt of an Exchange was answered with, beyond what
// its record holds, for callers that ask for it. It is filled before the body
// is read; an attempt without an answer leaves it with Status 0.
type Answer struct {
	Status     int
	Method     string        // of the request that was answered: a redirect may have changed it
	Redirects  int           // that the attempt followed
	Redirect   time.Duration // from the attempt's start until the last of them was followed
	Asked      time.Time     // when the attempt began
	Credential bool          // the request had Authorization, Proxy-Authorization or Cookie

	header http.Header
	before task.Timing // of the task, when the attempt began
}

// Field returns the value of a field, its lines joined by commas (RFC 9110
// §5.3); "" is none.
func (a *Answer) Field(name string) string { return strings.Join(a.header.Values(name), ", ") }

// Fields yields the fields by name, in lower case, with their lines.
func (a *Answer) Fields() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for name, lines := range a.header {
			if !yield(strings.ToLower(name), lines) {
				return
			}
		}
	}
}

// Timing returns the last attempt's part of the whole task's timing.
func (a *Answer) Timing(whole task.Timing) task.Timing {
	part := func(whole, before time.Duration) time.Duration { return max(0, whole) - max(0, before) }
	return task.Timing{
		DNS: part(whole.DNS, a.before.DNS), Connect: part(whole.Connect, a.before.Connect), TLS: part(whole.TLS, a.before.TLS),
		FirstByte: part(whole.FirstByte, a.before.FirstByte), Transfer: part(whole.Transfer, a.before.Transfer),
	}
}

// begin forgets the attempt before. A nil Answer was not asked for.
func (a *Answer) begin(ex *exchange) {
	if a != nil {
		*a = Answer{Asked: ex.attemptBegan, before: ex.rec.Timing}
	}
}

func (a *Answer) redirected(n int) {
	if a != nil {
		a.Redirects, a.Redirect = n, time.Since(a.Asked)
	}
}

func (a *Answer) fill(resp *http.Response) {
	if a == nil {
		return
	}
	sent := resp.Request.Header
	a.Status, a.Method, a.header = resp.StatusCode, resp.Request.Method, resp.Header
	a.Credential = sent.Get("Authorization") != "" || sent.Get("Proxy-Authorization") != "" || sent.Get("Cookie") != ""
}
