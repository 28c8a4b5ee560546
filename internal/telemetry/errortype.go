package telemetry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
)

// errPanic stands for a panic that passed through a wrapper.
var errPanic error = panicked{}

type panicked struct{}

func (panicked) Error() string     { return "panic" }
func (panicked) ErrorType() string { return "panic" }

// errorType names the class of err: what an error in its chain says by an
// ErrorType() string method; for an end of ctx, what its cause says; then
// Config.ErrorType; then the few classes that the standard library tells
// apart, named as a record names them; else "_OTHER", as the conventions have
// it.
func (t *Telemetry) errorType(ctx context.Context, err error) string {
	if name := ownType(err); name != "" {
		return name
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if name := ownType(context.Cause(ctx)); name != "" {
			return name
		}
	}
	if t.conf.ErrorType != nil {
		if name := t.conf.ErrorType(err); name != "" {
			return name
		}
	}
	return standardType(err)
}

func ownType(err error) string {
	var typed interface {
		error
		ErrorType() string
	}
	if errors.As(err, &typed) {
		return typed.ErrorType()
	}
	return ""
}

func standardType(err error) string {
	var (
		dns     *net.DNSError
		op      *net.OpError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout net.Error
	)
	dialing := errors.As(err, &op) && op.Op == "dial"
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout_total"
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &host):
		return "certificate"
	case errors.As(err, &record), errors.As(err, &alert):
		return "tls"
	case errors.As(err, &timeout) && timeout.Timeout():
		if dialing {
			return "timeout_connect"
		}
		return "timeout_read"
	case dialing:
		return "connect"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "short_body"
	default:
		return "_OTHER"
	}
}
