package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/specify-cli/specify/internal/task"
)

// typed is an error that knows its own error.type.
type typed interface {
	error
	ErrorType() string
}

// Classify gives err its place in the closed list of error types. The errors
// of net/http that have no type of their own are told apart by what they wrap
// and, last, by where they arise: what is left after a connection was made is
// a response that could not be understood.
func Classify(err error) task.ErrorType {
	if t, ok := errors.AsType[typed](err); ok {
		return task.ErrorType(t.ErrorType())
	}
	switch {
	case errors.Is(err, context.Canceled):
		return task.ErrCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return task.ErrTimeoutTotal
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return task.ErrDNS
	}
	if isCertificate(err) {
		return task.ErrCertificate
	}
	if isTLS(err) {
		return task.ErrTLS
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if op.Op == "dial" {
			return task.ErrConnect
		}
		return task.ErrReset
	}
	if isClosed(err) {
		return task.ErrReset
	}
	return task.ErrBadResponse
}

func isCertificate(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true // crypto/tls reports alerts so
	}
	return strings.Contains(err.Error(), "tls: ")
}

// isClosed reports a connection that ended before or within the answer.
func isClosed(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return true
	}
	text := err.Error() // net/http's errors for this are private
	return strings.Contains(text, "server closed idle connection") || strings.Contains(text, "stream error") ||
		strings.Contains(text, "client connection lost") || strings.Contains(text, "GOAWAY") ||
		strings.Contains(text, "connection broken")
}

// isLocal reports a failure of our own side that must not be charged to an
// origin.
func isLocal(err error) bool { return isShortage(err) || errors.Is(err, syscall.EADDRNOTAVAIL) }

// isShortage reports that file descriptors or buffers have run out here, which
// ends as soon as other requests do.
func isShortage(err error) bool {
	for _, want := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS} {
		if errors.Is(err, want) {
			return true
		}
		// net.DNSError keeps the text of its cause only.
		if dns, ok := errors.AsType[*net.DNSError](err); ok && strings.HasSuffix(dns.Err, want.Error()) {
			return true
		}
	}
	return false
}

// plain strips what repeats the URL, which a *url.Error prints with its query:
// the cause alone is fit to be shown, once the target of a redirect that it may
// quote is redacted, too.
func plain(err error) error {
	ue, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	text := ue.Err.Error()
	if clean := task.RedactText(text); clean != text {
		return &redactedError{clean, ue.Err}
	}
	return ue.Err
}

// redactedError is err with a text that is fit to be shown.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *redactedError) Unwrap() error { return e.err }
