package faultserver

// tlsBehaviours are handshakes that must not succeed, and what can go wrong
// below HTTP after one that did.
func tlsBehaviours() []Behaviour {
	certificate, handshake := Verdict{"certificate"}, Verdict{"tls"}
	at := func(listener string, want Verdict, doc string) Behaviour {
		return Behaviour{Name: listener, Listener: listener, Path: "/ok", Want: want, Doc: doc}
	}
	return []Behaviour{
		at(TLSExpired, certificate, "a certificate that ended yesterday (RFC 5280 §4.1.2.5)"),
		at(TLSNotYetValid, certificate, "a certificate that begins tomorrow (RFC 5280 §4.1.2.5)"),
		at(TLSSelfSigned, certificate, "a certificate signed by itself (RFC 5280 §6)"),
		at(TLSWrongHost, certificate, "a certificate of another host (RFC 9110 §4.3.4)"),
		at(TLSUntrusted, certificate, "a certificate of an authority that is not trusted (RFC 5280 §6)"),
		at(TLSClientCert, handshake, "a client certificate is asked for and missing (RFC 8446 §4.4.2.4)"),
		at(TLSOld, handshake, "nothing newer than TLS 1.1 (RFC 8996)"),
		at(TLSGarbage, handshake, "the ClientHello is answered with text (RFC 8446 §5)"),
		at(TLSPlaintext, handshake, "the ClientHello is answered with plain HTTP (RFC 8446 §5)"),
		at(TLSAlert, handshake, "the ClientHello is answered with a fatal alert (RFC 8446 §6.2)"),
		at(TLSClose, Verdict{"tls", "reset"}, "an orderly close after the ClientHello"),
		at(TLSStall, Verdict{"timeout_connect"}, "the ClientHello is never answered"),
		{Name: "tls-truncate", Listener: TLS, Want: Verdict{"short_body", "reset"}, Doc: "no length, ended by a FIN without close_notify: incomplete (RFC 9112 §9.8)",
			raw: sends(cutOff, statusLine+"Connection: close\r\n\r\n"+fifty)},
		{Name: "tls-close-delimited", Listener: TLS, Path: "/close-delimited", Want: Verdict{"ok"}, Doc: "no length, ended by close_notify (RFC 9112 §9.8)"},
		{Name: "tls-reset-in-body", Listener: TLS, Path: "/reset-in-body", Want: Verdict{"reset"}, Doc: "RST after half of the body, over TLS"},
		{Name: "tls-cl-short", Listener: TLS, Path: "/cl-short", Want: Verdict{"short_body"}, Doc: "Content-Length 100, 50 bytes, close_notify (RFC 9112 §8)"},
	}
}
