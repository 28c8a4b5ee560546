package httpx

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"

	"github.com/specify-cli/specify/internal/task"
)

// first is h.Get of a name that is canonical already, and so is not to be looked
// at letter by letter.
func first(h http.Header, canonical string) string {
	if values := h[canonical]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// keep appends the response fields that go into a record to fields, by name in
// lower case, in its order. Of a field that comes twice the first counts. One
// pass over the fields costs no more than to look each of the names up.
func keep(fields []task.Field, h http.Header) []task.Field {
	for name, values := range h {
		recorded := ""
		switch name {
		case "Etag":
			recorded = "etag"
		case "Last-Modified":
			recorded = "last-modified"
		case "Location":
			recorded = "location"
		case "Retry-After":
			recorded = "retry-after"
		default: // draft-ietf-httpapi-ratelimit-headers, its older versions included
			if name != "Ratelimit" && !strings.HasPrefix(name, "Ratelimit-") {
				continue
			}
			recorded = strings.ToLower(name)
		}
		if len(values) > 0 {
			fields = append(fields, task.Field{Name: recorded, Value: values[0]})
		}
	}
	slices.SortFunc(fields, func(a, b task.Field) int { return strings.Compare(a.Name, b.Name) })
	for i, f := range fields {
		if f.Name == "location" {
			fields[i].Value = task.RedactURL(f.Value)
		}
	}
	return fields
}

// ownHeader returns what we send of our own accord: all that is left of a
// request that has left the origin which the user's headers were meant for.
// Fields that belong to the body go along with it.
func (c *Client) ownHeader(withBody bool, given http.Header) http.Header {
	h := http.Header{"User-Agent": {c.cfg.UserAgent}, "Accept": {"*/*"}, "Accept-Encoding": {acceptEncoding}}
	if withBody {
		if kind := given.Get("Content-Type"); kind != "" {
			h.Set("Content-Type", kind)
		}
	}
	return h
}

// noHeader is what http.Client gets to see of a request's headers, which it
// would copy for each task: attempts puts them in.
var noHeader = http.Header{}

// headerNow returns the headers to send, which nobody may change: where there is
// a part of the body, every hop is asked for the rest only.
func (ex *exchange) headerNow() http.Header {
	if ex.part == nil {
		return ex.header
	}
	h := maps.Clone(ex.header)
	ex.part.ask(h)
	return h
}

// redirected makes the headers for a request that a redirect leads to. Nothing
// that the user gave goes to another origin, nor comes back when a later
// redirect does; there is no Referer; and a body that is not sent again leaves
// no description of it behind.
func (ex *exchange) redirected(req *http.Request) {
	if ex.strayed {
		ex.header = ex.client.ownHeader(req.Method != http.MethodGet && req.Method != http.MethodHead, ex.header)
		req.Host = ""
		return
	}
	switch req.Response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		ex.header = maps.Clone(ex.header)
		for _, name := range []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"} {
			delete(ex.header, name)
		}
	}
}

// plainHeader is what requests without headers of their own and without a body
// have. It is made once.
type plainHeader struct {
	once   sync.Once // guards the fields below
	header http.Header
	host   string
	err    error
}

// requestHeader builds a task's headers: our own, then the flags', then those
// of its host, if not nil, then the line's, each replacing the one before. A
// field with an empty value takes the field off, as in curl's -H 'Accept:'.
//
// Tasks without headers of their own, without a body and without a user of
// their URL's share one map, which nobody may change: net/http, too, copies a
// request's header before it does.
func (c *Client) requestHeader(t *task.Task, at *Host, u *url.URL) (header http.Header, host string, err error) {
	p := &c.plain
	if at != nil {
		p = c.plains[at] // nil for one that was made for the task
	}
	if p != nil && t.Header == nil && t.Body == nil && t.BodyFile == "" && !c.personal(u) {
		p.once.Do(func() { p.header, p.host, p.err = c.buildHeader(&task.Task{}, at, nil) })
		return p.header, p.host, p.err
	}
	return c.buildHeader(t, at, u)
}

func (c *Client) buildHeader(t *task.Task, at *Host, u *url.URL) (header http.Header, host string, err error) {
	authorized := false // or was asked not to be
	header = c.ownHeader(false, nil)
	if c.cfg.ContentType != "" && (t.Body != nil || t.BodyFile != "") {
		header.Set("Content-Type", c.cfg.ContentType)
	}
	var hosts []task.Field
	if at != nil {
		hosts = at.Header
	}
	for _, fields := range [...][]task.Field{c.cfg.Header, hosts, t.Header} {
		replaced := make(map[string]bool, len(fields))
		for _, f := range fields {
			// RFC 9112 §11.1: no CR, LF or NUL may reach the wire.
			if !httpguts.ValidHeaderFieldName(f.Name) || !httpguts.ValidHeaderFieldValue(f.Value) {
				return nil, "", &InputError{fmt.Errorf("header %q is not a valid field", f.Name)}
			}
			name := http.CanonicalHeaderKey(f.Name)
			authorized = authorized || name == "Authorization"
			if name == "Host" {
				host = f.Value
				continue
			}
			if !replaced[name] {
				header.Del(name)
				replaced[name] = true
			}
			if f.Value != "" {
				header.Add(name, f.Value)
			}
		}
	}
	if value := c.authorization(u); value != "" && !authorized {
		header.Set("Authorization", value)
	}
	if _, given := header["User-Agent"]; !given {
		header.Set("User-Agent", "") // net/http puts its own where there is none
	}
	return header, host, nil
}
