package faultserver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// statuses are answers that are well formed and say no, or say it oddly.
func statuses() []Behaviour {
	refused := []int{400, 401, 403, 404, 407, 408, 410, 416, 418, 421, 425, 429, 451, 500, 501, 502, 503, 504, 505, 520, 599, 999}
	var all []Behaviour
	for _, code := range slices.Concat([]int{201, 202, 204, 205, 299}, refused) {
		want := Verdict{"ok"}
		if slices.Contains(refused, code) {
			want = Verdict{strconv.Itoa(code)}
		}
		all = append(all, Behaviour{
			Name: fmt.Sprintf("status-%d", code), Path: fmt.Sprintf("/status/%d", code), Want: want,
			Doc: "the status, with its usual fields (RFC 9110 §15)",
		})
	}
	for _, ra := range []struct{ name, query, doc string }{
		{"seconds", "v=1", "a number of seconds"},
		{"zero", "v=0", "no wait at all"},
		{"imf", "form=imf&in=1", "an IMF-fixdate"},
		{"rfc850", "form=rfc850&in=1", "a date of RFC 850, obsolete and to be taken"},
		{"asctime", "form=asctime&in=1", "a date of asctime, obsolete and to be taken"},
		{"past", "form=imf&in=-3600", "a date that has passed"},
		{"skewed", "form=imf&in=1&skew=3600", "a date by a clock that is an hour fast, as Date shows"},
		{"negative", "v=-5", "a negative number: to be ignored"},
		{"garbage", "v=soon", "a word: to be ignored"},
		{"fraction", "v=1.5", "a fraction: to be ignored"},
		{"huge", "v=9223372037", "seconds that overflow a time.Duration"},
		{"overflow", "v=99999999999999999999", "seconds that overflow 64 bits"},
		{"far", "form=imf&in=999999999", "a date decades ahead"},
	} {
		all = append(all, Behaviour{
			Name: "retry-after-" + ra.name, Path: "/retry-after/429?" + ra.query, Want: Verdict{"429"},
			Doc: "429 with Retry-After, " + ra.doc + " (RFC 9110 §10.2.3, §5.6.7)",
		})
	}
	return append(all,
		Behaviour{Name: "retry-after-503", Path: "/retry-after/503?v=1", Want: Verdict{"503"}, Doc: "503 with Retry-After (RFC 9110 §15.6.4)"},
		Behaviour{Name: "partial-unasked", Want: Verdict{"bad_response", "206"}, Doc: "206 to a request without Range: a part must not pass as the whole (RFC 9110 §15.3.7)",
			raw: sends(keep, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-49/100\r\nContent-Length: 50\r\n\r\n"+fifty)},
		Behaviour{Name: "partial-bare", Want: Verdict{"bad_response", "206"}, Doc: "206 without Content-Range (RFC 9110 §15.3.7)",
			raw: sends(keep, "HTTP/1.1 206 Partial Content\r\nContent-Length: 50\r\n\r\n"+fifty)},
		Behaviour{Name: "not-modified-unasked", Want: Verdict{"304", "bad_response"}, Doc: "304 to a request without a condition (RFC 9110 §15.4.5)",
			raw: sends(keep, "HTTP/1.1 304 Not Modified\r\nEtag: \"x\"\r\n\r\n")},
		Behaviour{Name: "body-on-304", Want: Verdict{"304", "bad_response"}, Doc: "304 with a body, which is not one (RFC 9112 §6.3)",
			raw: sends(keep, "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"+fifty)},
		Behaviour{Name: "error-cut", Want: Verdict{"503", "short_body"}, Doc: "503 whose body is cut",
			raw: sends(shut, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n"+fifty)},
		Behaviour{Name: "retry-after-two", Want: Verdict{"429"}, Doc: "two different Retry-After fields (RFC 9110 §5.3)",
			raw: sends(keep, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n")},
		Behaviour{Name: "commit-then-reset", Path: "/commit-then-reset/a", Method: http.MethodPost, BodySize: 100, Want: Verdict{"reset"}, Doc: "POST that is read, acted upon, and reset: not to be repeated (RFC 9110 §9.2.2)"},
	)
}
