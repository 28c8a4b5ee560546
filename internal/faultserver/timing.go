package faultserver

import "time"

// timing are answers that take their time. What is slow but moving stays below
// ReadTimeout between two bytes.
func timing() []Behaviour {
	ok, late := Verdict{"ok"}, Verdict{"timeout_read"}
	return []Behaviour{
		{Name: "slow", Path: "/slow/100", Want: ok, Doc: "200 after 100 ms"},
		{Name: "never", Want: late, Doc: "the request is read and never answered",
			raw: func(*exchange) ending { return hang }},
		{Name: "head-stall", Want: late, Doc: "half of the header, and nothing more",
			raw: sends(hang, statusLine+"Content-Type: text/pl")},
		{Name: "body-stall", Want: late, Doc: "half of the body, and nothing more",
			raw: sends(hang, statusLine+"Content-Length: 100\r\n\r\n"+fifty)},
		{Name: "chunk-stall", Want: late, Doc: "a whole chunk, and nothing more",
			raw: sends(hang, statusLine+"Transfer-Encoding: chunked\r\n\r\n32\r\n"+fifty+"\r\n")},
		{Name: "no-length-stall", Want: late, Doc: "no length and no close: the body never ends (RFC 9112 §6.3)",
			raw: sends(hang, statusLine+"\r\n"+fifty)},
		{Name: "head-drip", Want: ok, Doc: "the header, one byte every 4 ms",
			raw: drip(statusLine+"Content-Length: 50\r\n\r\n", 1, 4*time.Millisecond, fifty)},
		{Name: "body-drip", Want: ok, Doc: "the body, five bytes every 100 ms: together longer than the read timeout",
			raw: bodyDrip},
	}
}

// drip returns a raw behaviour that sends slow in pieces of n bytes, d apart,
// and then rest at once.
func drip(slow string, n int, d time.Duration, rest string) func(*exchange) ending {
	return func(x *exchange) ending {
		for left := slow; left != ""; {
			piece := left[:min(n, len(left))]
			left = left[len(piece):]
			x.send(piece)
			if !x.pause(d) {
				return abort
			}
		}
		x.last(rest)
		return keep
	}
}

func bodyDrip(x *exchange) ending {
	x.send(statusLine + "Content-Length: 50\r\n\r\n")
	return drip(fifty[:45], 5, 100*time.Millisecond, fifty[45:])(x)
}
