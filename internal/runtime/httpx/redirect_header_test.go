package httpx

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// Which of the user's headers, and of those that describe the body, go along
// with a redirect. Each URL leads to the one that its query names.
func TestRedirectHeaders(t *testing.T) {
	given := []task.Field{{Name: "Authorization", Value: "secret"}, {Name: "X-Key", Value: "k"}, {Name: "Content-Type", Value: "text/plain"}}
	const all, own, typed = "secret k text/plain", "  ", "secret k "
	for _, c := range []struct {
		name, method, url string
		want              []string // Authorization, X-Key, Content-Type of each request; no Referer, ever
	}{
		{"same origin", "GET", "http://a.test/?302=http://a.test/2", []string{all, typed}},
		{"same origin, same method", "GET", "http://a.test/?307=http://a.test/2", []string{all, all}},
		{"another origin", "GET", "http://a.test/?302=http://b.test/", []string{all, own}},
		{"another port", "GET", "http://a.test/?302=http://a.test:81/", []string{all, own}},
		{"and back", "GET", "http://a.test/?302=http://b.test/?302=http://a.test/3", []string{all, own, own}},
		{"a body that goes along", "PUT", "http://a.test/?307=http://b.test/", []string{all, "  text/plain"}},
		{"a body that does not", "PUT", "http://a.test/?303=http://b.test/", []string{all, own}},
		{"a user in the URL", "GET", "http://u:p@b.test/?302=http://a.test/", []string{all, own}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: func(req *http.Request, _ int) answer {
					if status, to, ok := strings.Cut(req.URL.RawQuery, "="); ok {
						codes := map[string]int{"302": 302, "303": 303, "307": 307}
						return answer{status: codes[status], header: http.Header{"Location": {to}}}
					}
					return answer{status: 200}
				}}
				o := defaults()
				o.method, o.header = c.method, given
				if c.method == "PUT" {
					o.body = []byte("body")
				}
				run(t, o, w, c.url)
				var got []string
				for _, req := range w.log {
					h := req.header
					got = append(got, strings.Join([]string{h.Get("Authorization"), h.Get("X-Key"), h.Get("Content-Type")}, " "))
					if h["Referer"] != nil || h.Get("User-Agent") != "test" {
						t.Errorf("%s: %v", req.url, h)
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A retry begins anew at the first URL, with all that the user gave, also where
// the attempt before was led elsewhere.
func TestRetryAfterStraying(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, nth int) answer {
			switch {
			case req.URL.Host == "b.test":
				return answer{status: 503}
			case req.URL.Path == "/" && nth == 1:
				return answer{status: 302, header: http.Header{"Location": {"http://b.test/"}}}
			case req.URL.Path == "/":
				return answer{status: 302, header: http.Header{"Location": {"/2"}}}
			}
			return answer{status: 200}
		}}
		o := defaults()
		o.header = []task.Field{{Name: "X-Key", Value: "k"}}
		run(t, o, w, "http://a.test/")
		var got []string
		for _, req := range w.log {
			got = append(got, req.url+" "+req.header.Get("X-Key"))
		}
		want := []string{"http://a.test/ k", "http://b.test/ ", "http://a.test/ k", "http://a.test/2 k"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
