package direct

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// TimeoutError says that a server took longer than the Transport's own limits
// allow. The end of the request's context is never a TimeoutError: that is
// reported as the context's cause.
type TimeoutError struct {
	Phase string        // "connect" (dial and TLS handshake) or "read" (silence)
	After time.Duration // the limit that was exceeded
	Err   error         // what the limit interrupted
}

// Error names the phase and its limit.
func (e *TimeoutError) Error() string { return fmt.Sprintf("%s timed out after %v", e.Phase, e.After) }

// Unwrap returns what the limit interrupted.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout reports true, as net.Error asks.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary reports true, as net.Error asks.
func (e *TimeoutError) Temporary() bool { return true }

// ErrorType is timeout_connect or timeout_read.
func (e *TimeoutError) ErrorType() string { return "timeout_" + e.Phase }

// ResponseError is an answer that is not HTTP/1.1, or that exceeds a bound of
// the Transport. An answer that ends early is none: that is
// io.ErrUnexpectedEOF, or io.EOF when there was no answer at all.
type ResponseError struct{ Err error }

// Error describes what is wrong with the answer; it may quote the server.
func (e *ResponseError) Error() string { return "bad response: " + e.Err.Error() }

// Unwrap returns what is wrong with the answer.
func (e *ResponseError) Unwrap() error { return e.Err }

// ErrorType is bad_response.
func (e *ResponseError) ErrorType() string { return "bad_response" }

// HandshakeError is a TLS handshake that was refused by either side or broke.
type HandshakeError struct {
	Host string
	Err  error
}

// Error names the host and the cause.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("tls handshake with %s: %v", e.Host, e.Err)
}

// Unwrap returns what crypto/tls or the connection said.
func (e *HandshakeError) Unwrap() error { return e.Err }

// ErrorType is certificate when the server's certificate was not accepted,
// else tls.
func (e *HandshakeError) ErrorType() string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e.Err); ok {
		return "certificate"
	}
	return "tls"
}

var (
	errHeaderTooLarge = errors.New("response headers too large")
	errTooManyInterim = errors.New("too many interim (1xx) responses")
	errUnaskedSwitch  = errors.New("101 Switching Protocols without being asked")
	errNoFallback     = errors.New("request needs a Fallback transport, and none is set")
	errCannotRewind   = errors.New("connection lost, and the request body cannot be read again")

	// errUnasked is found on an idle connection, which is then not used again.
	errUnasked = errors.New("the idle connection had ended or spoken unasked")

	// errNothingYet is what a read that does not wait returns when no byte is
	// there. crypto/tls keeps its state over a read error only if that error is
	// a temporary net.Error.
	errNothingYet error = nothingYet{}
)

type nothingYet struct{}

func (nothingYet) Error() string   { return "nothing to read yet" }
func (nothingYet) Timeout() bool   { return true }
func (nothingYet) Temporary() bool { return true }
