package task

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"slices"
	"strconv"
	"testing"
)

// errorTypes is the closed list of CONTRACT.md section 4.
var errorTypes = []ErrorType{
	"dns", "connect", "tls", "certificate", "timeout_connect", "timeout_read", "timeout_total", "reset", "short_body", "bad_response",
	"decode", "too_large", "checksum", "expect", "circuit_open", "retry_after_too_long", "redirect_limit", "redirect_denied",
	"denied_address", "input", "output", "output_collision", "canceled", "exit", "signal", "start",
}

// A type that is added to the code is missed by no table here and by no schema.
func TestErrorTypesAreTheList(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var inCode []ErrorType
	ast.Inspect(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.ValueSpec); ok && len(c.Values) == 1 {
			s, err := strconv.Unquote(c.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			inCode = append(inCode, ErrorType(s))
		}
		return true
	})
	if !slices.Equal(inCode, errorTypes) {
		t.Errorf("errors.go has %q, want %q", inCode, errorTypes)
	}
}

func TestErrorTypeClasses(t *testing.T) {
	unanswered := []ErrorType{ErrDNS, ErrConnect, ErrTLS, ErrTimeoutConnect, ErrTimeoutRead, ErrTimeoutTotal, ErrReset, ErrCircuitOpen}
	integrity := []ErrorType{ErrChecksum, ErrCertificate}
	for _, e := range append(slices.Clone(errorTypes), "503", "200", "", "unheard of") {
		if got := e.Unanswered(); got != slices.Contains(unanswered, e) {
			t.Errorf("%q.Unanswered() = %v", e, got)
		}
		if got := e.Integrity(); got != slices.Contains(integrity, e) {
			t.Errorf("%q.Integrity() = %v", e, got)
		}
	}
}

func TestErrorIsItsCause(t *testing.T) {
	err := error(&Error{Type: ErrReset, Message: "connection reset by peer", Err: io.ErrUnexpectedEOF})
	if err.Error() != "connection reset by peer" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, cause %v", err, errors.Unwrap(err))
	}
	if typed, ok := err.(interface{ ErrorType() string }); !ok || typed.ErrorType() != "reset" {
		t.Errorf("no error type in %#v", err)
	}
	if cause := errors.Unwrap(&Error{Type: ErrInput}); cause != nil {
		t.Errorf("cause %v of an error without one", cause)
	}
}
