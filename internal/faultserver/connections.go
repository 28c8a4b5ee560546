package faultserver

import (
	"net/http"
	"time"
)

// connections are answers that are whole, and what becomes of the connection
// afterwards (RFC 9112 §9).
func connections() []Behaviour {
	const final = statusLine + "Content-Length: 50\r\n\r\n" + fifty
	const poison = statusLine + "X-Poison: 1\r\nContent-Length: 8\r\n\r\nPOISONED"
	ok := Verdict{"ok"}
	return []Behaviour{
		{Name: "close-after", Want: ok, Doc: "Connection: close, and it is (RFC 9112 §9.6)",
			raw: sends(shut, statusLine+"Connection: close\r\nContent-Length: 50\r\n\r\n"+fifty)},
		{Name: "close-unannounced", Want: ok, Doc: "closed after the answer without a word (RFC 9112 §9.5)",
			raw: sends(shut, final)},
		{Name: "reset-unannounced", Want: Verdict{"ok"}, Doc: "reset 20 ms after the answer without a word",
			raw: afterwards(final, 20*time.Millisecond, "", abort)},
		{Name: "stale", Want: ok, Doc: "closed as soon as the next request arrives on the connection, which is not answered: it is to be sent again elsewhere (RFC 9112 §9.3.1)",
			raw: stale(shut)},
		{Name: "stale-reset", Want: ok, Doc: "as stale, with a RST", raw: stale(abort)},
		{Name: "extra-response", Want: ok, Doc: "a second answer follows at once: must not be taken for the next one (RFC 9112 §9.2)",
			raw: sends(keep, final+poison)},
		{Name: "unsolicited", Want: ok, Doc: "a second answer follows on the idle connection after 20 ms (RFC 9112 §9.2)",
			raw: afterwards(final, 20*time.Millisecond, poison, keep)},
		{Name: "idle-408", Want: ok, Doc: "408 on the idle connection after 20 ms, and close (RFC 9110 §15.5.9)",
			raw: afterwards(final, 20*time.Millisecond, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", shut)},
		{Name: "early-ok", Method: http.MethodPost, BodySize: 4 << 20, Want: ok, Doc: "200 before the body is read (RFC 9112 §9.3)",
			raw: sends(shut, statusLine+"Connection: close\r\nContent-Length: 50\r\n\r\n"+fifty)},
		{Name: "early-413", Method: http.MethodPost, BodySize: 4 << 20, Want: Verdict{"413"}, Doc: "413 before the body is read, then an orderly close (RFC 9110 §15.5.14)",
			raw: sends(shut, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")},
		{Name: "early-413-reset", Method: http.MethodPost, BodySize: 4 << 20, Want: Verdict{"413", "reset"}, Doc: "413 before the body is read, then a RST (RFC 9112 §9.6)",
			raw: sends(abort, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")},
	}
}

// afterwards returns a raw behaviour that answers, and after d sends more and
// ends so. The exchange is over with the answer.
func afterwards(answer string, d time.Duration, more string, end ending) func(*exchange) ending {
	return func(x *exchange) ending {
		x.last(answer)
		if !x.pause(d) {
			return abort
		}
		x.send(more)
		return end
	}
}

// stale returns a raw behaviour that answers, waits for the next request's
// first byte and ends so.
func stale(end ending) func(*exchange) ending {
	return func(x *exchange) ending {
		x.last(statusLine + "Content-Length: 50\r\n\r\n" + fifty)
		_, _ = x.in.Peek(1)
		return end
	}
}

// listeners are ports that misbehave before a request was understood.
func listeners() []Behaviour {
	return []Behaviour{
		{Name: "refused", Listener: Refused, Want: Verdict{"connect"}, Doc: "the connection is refused"},
		{Name: "silent", Listener: Silent, Want: Verdict{"timeout_read"}, Doc: "the connection is accepted, and that is all"},
		{Name: "closing", Listener: Closing, Want: Verdict{"reset"}, Doc: "the connection is closed at once"},
	}
}
