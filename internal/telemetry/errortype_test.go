package telemetry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
)

func TestStandardType(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Err: err} }
	tests := []struct {
		err  error
		want string
	}{
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout_total"},
		{dial(&net.DNSError{IsTimeout: true}), "dns"},
		{dial(syscall.ECONNREFUSED), "connect"},
		{dial(os.ErrDeadlineExceeded), "timeout_connect"},
		{read(os.ErrDeadlineExceeded), "timeout_read"},
		{read(syscall.ECONNRESET), "reset"},
		{syscall.EPIPE, "reset"},
		{io.ErrUnexpectedEOF, "short_body"},
		{&tls.CertificateVerificationError{Err: errors.New("x")}, "certificate"},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}, "certificate"},
		{tls.RecordHeaderError{}, "tls"},
		{tls.AlertError(40), "tls"},
		{panicked{}, "_OTHER"}, // its type is its own
		{errors.New("x"), "_OTHER"},
	}
	for _, tt := range tests {
		wrapped := fmt.Errorf("fetch: %w", &url.Error{Op: "Get", URL: "http://h", Err: tt.err})
		if got := standardType(wrapped); got != tt.want {
			t.Errorf("standardType(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}
