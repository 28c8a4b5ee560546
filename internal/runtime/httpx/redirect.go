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

// check refuses what must not be followed and takes everything that the user
// gave off a request that leaves the origin: net/http itself compares host
// names only, keeps custom headers in any case, and sends a Referer.
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
	req.Header.Del("Referer")
	ex := exchangeOf(req.Context())
	if Origin(last.URL) != Origin(req.URL) {
		ex.strayed = true
	}
	if ex.strayed {
		// http.Client copies the first request's headers to each hop, so they
		// are taken off each hop, also when a later one leads back.
		req.Header = ex.client.ownHeader(req.Method != http.MethodGet && req.Method != http.MethodHead, req.Header)
		req.Host = ""
	}
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
