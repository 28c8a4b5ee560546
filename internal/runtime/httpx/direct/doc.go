// Package direct is an http.RoundTripper for HTTP/1.1, plain and over TLS,
// that writes the request and reads the answer on the caller's goroutine.
// net/http's Transport hands each request to two other goroutines, which is
// about half of its CPU; here a request costs none, and one only when it has
// a body.
//
// The bytes are the standard library's: Request.Write (for plain requests what
// is tested to be the same), http.ReadResponse, crypto/tls. What is here is the
// rest of a client: a bounded pool of idle connections, silence measured by
// deadlines on the connection, cancelling, one retry of a request that met a
// connection which had just died, and the care that no byte which follows an
// answer is taken for the next one (RFC 9112 §9). Everything unusual goes to
// Transport.Fallback.
//
// The package never follows redirects, decodes bodies, picks proxies, reads
// the environment, or logs.
//
// A reader starts with transport.go (which connection, which retry), then
// exchange.go (one request on one connection) and body.go; link.go is the
// socket with its deadlines, turn_unix.go how most requests go out on it, and
// scope.go what ends them with their context.
package direct
