package faultserver

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// redirects (RFC 9110 §15.4). A target "@name/path" is the path on that
// listener.
func redirects() []Behaviour {
	ok, denied, limit := Verdict{"ok"}, Verdict{"redirect_denied"}, Verdict{"redirect_limit"}
	all := []Behaviour{
		{Name: "redirect-relative", Path: "/redirect/302?to=../ok", Want: ok, Doc: "a relative target (RFC 9110 §10.2.2)"},
		{Name: "redirect-query", Path: "/redirect/302?to=/echo%3Fa=b%23part", Want: ok, Doc: "a target with query and fragment (RFC 9110 §10.2.2)"},
		{Name: "redirect-origin", Path: "/redirect/302?to=@h2/echo", Want: ok, Doc: "to another origin, where no header of the user may arrive"},
		{Name: "redirect-userinfo", Path: "/redirect/302?to=@plain/echo&userinfo=user:secret", Want: Verdict{"ok", "redirect_denied"}, Doc: "a target with userinfo, which must not show up anywhere"},
		{Name: "redirect-to-https", Path: "/redirect/301?to=@tls/ok", Want: ok, Doc: "http to https"},
		{Name: "redirect-to-http", Listener: TLS, Path: "/redirect/301?to=@plain/ok", Want: denied, Doc: "https to http: never weaker than the URL"},
		{Name: "redirect-chain-10", Path: "/redirect-chain/10", Want: ok, Doc: "ten redirects, as many as are followed"},
		{Name: "redirect-chain-11", Path: "/redirect-chain/11", Want: limit, Doc: "eleven redirects, one too many"},
		{Name: "redirect-loop", Want: limit, Doc: "to itself (RFC 9110 §15.4)"},
		{Name: "redirect-file", Path: "/redirect/302?to=file:///etc/hostname", Want: denied, Doc: "to a file: URL"},
		{Name: "redirect-ftp", Path: "/redirect/302?to=ftp://127.0.0.1/x", Want: denied, Doc: "to an ftp: URL"},
		{Name: "redirect-data", Path: "/redirect/302?to=data:text/plain,hello", Want: denied, Doc: "to a data: URL"},
		{Name: "redirect-bad-url", Path: "/redirect/302?to=http://[::1/x", Want: Verdict{"bad_response", "redirect_denied", "302"}, Doc: "to something that is no URL (RFC 9110 §10.2.2)"},
		{Name: "redirect-long", Want: Verdict{"ok", "bad_response", "redirect_denied", "414", "431", "reset"}, Doc: "to a URL of 100 KiB (RFC 9110 §4.1: 8,000 octets are recommended)",
			raw: sends(keep, "HTTP/1.1 302 Found\r\nLocation: /ok?"+strings.Repeat("x", 100<<10)+"\r\nContent-Length: 0\r\n\r\n")},
		{Name: "redirect-endless", Want: Verdict{"bad_response", "too_large"}, Doc: "to a URL that never ends",
			raw: endless("HTTP/1.1 302 Found\r\nLocation: /ok?")},
		{Name: "redirect-growing", Path: "/redirect-growing?", Want: limit, Doc: "to itself, the URL twice as long each time, up to 100 KiB",
			raw: redirectGrowing},
		{Name: "redirect-many-slashes", Want: Verdict{"ok", "404", "bad_response", "redirect_denied"}, Doc: "to a path of 50,000 '../' (quadratic in a careless resolver: CVE-2026-56860)",
			raw: sends(keep, "HTTP/1.1 302 Found\r\nLocation: /a/"+strings.Repeat("../", 50_000)+"ok\r\nContent-Length: 0\r\n\r\n")},
		{Name: "redirect-no-location", Path: "/status/302", Want: Verdict{"302"}, Doc: "302 without Location is the answer (RFC 9110 §15.4)"},
		{Name: "redirect-choices", Path: "/status/300", Want: Verdict{"300"}, Doc: "300 without a choice of the server's (RFC 9110 §15.4.1)"},
		{Name: "redirect-use-proxy", Path: "/redirect/305?to=@plain/ok", Want: Verdict{"305"}, Doc: "305 is deprecated and not followed (RFC 9110 §15.4.6)"},
		{Name: "redirect-refused", Path: "/redirect/302?to=@refused/x", Want: Verdict{"connect"}, Doc: "to a port that refuses"},
		{Name: "redirect-silent", Path: "/redirect/302?to=@silent/x", Want: Verdict{"timeout_read"}, Doc: "to a port that never answers"},
		{Name: "redirect-expired", Path: "/redirect/302?to=@tls-expired/ok", Want: Verdict{"certificate"}, Doc: "to an expired certificate"},
		{Name: "redirect-not-found", Path: "/redirect/302?to=/status/404", Want: Verdict{"404"}, Doc: "to something that is not there"},
		{Name: "redirect-cut-body", Want: Verdict{"ok", "short_body"}, Doc: "the redirect's own body is cut, its header is whole",
			raw: sends(shut, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 100\r\n\r\n"+fifty)},
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		doc := "POST and %d: becomes GET (RFC 9110 §15.4)"
		if code >= 307 {
			doc = "POST and %d: stays POST with its body (RFC 9110 §15.4)"
		}
		all = append(all, Behaviour{
			Name: fmt.Sprintf("redirect-post-%d", code), Path: fmt.Sprintf("/redirect/%d?to=/echo", code),
			Method: http.MethodPost, BodySize: 100, Want: ok, Doc: fmt.Sprintf(doc, code),
		})
	}
	return all
}

// redirectRoute answers /redirect/{code} with ?to= in Location; ?userinfo= is
// put before its host.
func redirectRoute(r *request) answer {
	target, err := r.server.expand(r.URL.Query().Get("to"))
	if err != nil {
		return badRequest(err)
	}
	if info := r.URL.Query().Get("userinfo"); info != "" {
		user, password, _ := strings.Cut(info, ":")
		target = strings.Replace(target, "://", "://"+url.UserPassword(user, password).String()+"@", 1)
	}
	return text(r.num(0, http.StatusFound), "over there\n", "Location", target)
}

// redirectGrowing doubles the query with each redirect.
func redirectGrowing(x *exchange) ending {
	query := x.URL.RawQuery + "x"
	query = strings.Repeat(query, 2)
	if len(query) > 100<<10 {
		query = query[:100<<10]
	}
	x.last("HTTP/1.1 302 Found\r\nLocation: /redirect-growing?" + query + "\r\nContent-Length: 0\r\n\r\n")
	return keep
}

// redirectChainRoute redirects n times and then answers 200.
func redirectChainRoute(r *request) answer {
	n := r.num(0, 0)
	if n <= 0 {
		return text(http.StatusOK, "ok\n")
	}
	return text(http.StatusFound, "further on\n", "Location", "/redirect-chain/"+strconv.Itoa(n-1))
}

func redirectLoopRoute(*request) answer {
	return text(http.StatusFound, "here again\n", "Location", "/redirect-loop")
}
