package httpx

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/specify-cli/specify/internal/task"
)

// RedirectError is a redirect that is not followed.
type RedirectError struct {
	Type   task.ErrorType // redirect_limit or redirect_denied
	Reason string
}

func (e *RedirectError) Error() string { return e.Reason }

// ErrorType is the type.
func (e *RedirectError) ErrorType() string { return string(e.Type) }

// redirects decides on each redirect, as http.Client's CheckRedirect.
type redirects struct {
	max     int  // redirects of one attempt
	follow  bool // false: the redirect is the answer
	schemes []string
}

// check refuses what must not be followed.
func (r *redirects) check(req *http.Request, via []*http.Request) error {
	if !r.follow {
		return http.ErrUseLastResponse
	}
	if len(via) > r.max {
		return &RedirectError{task.ErrRedirectLimit, fmt.Sprintf("more than %d redirects", r.max)}
	}
	last := via[len(via)-1]
	if err := r.allowed(last.URL.Scheme, req.URL.Scheme); err != nil {
		return err
	}
	req.URL.User = nil // a server's idea of who we are (RFC 9110 §4.2.4)
	ex := exchangeOf(req.Context())
	ex.spec.Answer.redirected(len(via))
	if Origin(last.URL) != Origin(req.URL) {
		ex.strayed = true
	}
	ex.redirected(req)
	return nil
}

func (r *redirects) allowed(from, to string) error {
	for _, scheme := range r.schemes {
		if strings.EqualFold(scheme, to) {
			return nil
		}
	}
	switch {
	case to == "https", to == "http" && from == "http":
		return nil
	case to == "http":
		return &RedirectError{task.ErrRedirectDenied, "redirect from https to http; --proto-redir http,https allows it"}
	}
	return &RedirectError{task.ErrRedirectDenied, fmt.Sprintf("redirect to %q: only http and https are fetched", to)}
}
