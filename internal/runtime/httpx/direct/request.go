package direct

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// check refuses what http.Transport refuses and Request.Write would send or
// silently alter: nothing may reach the wire that ends a header field early.
func check(req *http.Request) error {
	switch {
	case req.URL == nil:
		return errors.New("nil Request.URL")
	case req.Header == nil:
		return errors.New("nil Request.Header")
	case req.URL.Host == "":
		return errors.New("no host in Request.URL")
	case req.Method != "" && !httpguts.ValidHeaderFieldName(req.Method):
		return fmt.Errorf("invalid method %q", req.Method)
	}
	for name, values := range req.Header {
		if err := checkField(name, values); err != nil {
			return err
		}
	}
	return nil
}

func checkField(name string, values []string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("invalid header field name %q", name)
	}
	for _, v := range values {
		if !httpguts.ValidHeaderFieldValue(v) {
			return fmt.Errorf("invalid header field value for %q", name) // the value may be a secret
		}
	}
	return nil
}

// direct reports whether this transport speaks what req, which has passed check,
// asks for.
func direct(req *http.Request) bool {
	if !ordinary(req) || req.Method == http.MethodConnect {
		return false
	}
	h := req.Header
	if _, ok := h["Upgrade"]; ok || hasToken(h["Connection"], "upgrade") {
		return false
	}
	return !hasBody(req) || !hasToken(h["Expect"], "100-continue")
}

// ordinary is the part of direct that is not about method and header.
func ordinary(req *http.Request) bool {
	//lint:ignore SA1019 deprecated, and still honoured by the fallback
	if req.Cancel != nil {
		return false
	}
	u := req.URL
	return (u.Scheme == "http" || u.Scheme == "https") && u.Opaque == "" && isASCII(u.Host) &&
		len(req.TransferEncoding) == 0 && len(req.Trailer) == 0
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func wantsClose(req *http.Request) bool {
	return req.Close || hasToken(req.Header["Connection"], "close")
}

// repeatable is net/http's Request.isReplayable: narrower than RFC 9110
// §9.2.2, which counts PUT and DELETE as idempotent.
func repeatable(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	_, ok := req.Header["Idempotency-Key"]
	_, okX := req.Header["X-Idempotency-Key"]
	return ok || okX
}

// rewind returns req as it was before its body was read.
func rewind(req *http.Request) (*http.Request, error) {
	if !hasBody(req) {
		return req, nil
	}
	fresh, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCannotRewind, err)
	}
	again := *req
	again.Body = fresh
	return &again, nil
}

// hasToken looks for a token in comma-separated lists (RFC 9110 §5.6.1).
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.Trim(part, " \t"), token) {
				return true
			}
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
