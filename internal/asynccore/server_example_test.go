package asynccore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// get returns what url answers. An answer other than 2xx is a *statusError.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		after, _ := asynccore.ParseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
		return "", &statusError{Code: resp.StatusCode, after: after}
	}
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// statusError is an answer that was not wanted.
type statusError struct {
	Code  int
	after time.Duration
}

func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code)) }

// RetryAfter is how long the server asked to wait; Retry never comes earlier.
func (e *statusError) RetryAfter() time.Duration { return e.after }

// getJSON is get for an answer that holds a T.
func getJSON[T any](ctx context.Context, url string) (T, error) {
	var v T
	text, err := get(ctx, url)
	if err != nil {
		return v, err
	}
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}

// site is a real server on the loopback interface that notes what it sees.
//
//	/page/X   answers "page X", but 404 when X is "missing"
//	/user/X   answers a JSON object
//	/slow     answers nothing until the client has gone
//	/flaky    answers what was set by fail, then "fine"
//	/records  takes POSTs of a record a line
//	/meet/N   answers when N requests for it are there at once
type site struct {
	*httptest.Server

	mu       sync.Mutex // guards the fields below
	failures []int      // statuses that /flaky has yet to answer
	requests int
	records  int
	inFlight int
	most     int           // in flight at once
	met      chan struct{} // closed when those who meet are there
}

func newSite() *site {
	s := &site{met: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("name") == "missing" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "page %s", r.PathValue("name"))
	})
	mux.HandleFunc("GET /user/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"name":%q,"visits":3}`, r.PathValue("name"))
	})
	mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /flaky", s.flaky)
	mux.HandleFunc("POST /records", s.store)
	mux.HandleFunc("GET /meet/{n}", s.meet)
	s.Server = httptest.NewServer(s.counted(mux))
	return s
}

func (s *site) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests++
		s.inFlight++
		s.most = max(s.most, s.inFlight)
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			s.inFlight--
			s.mu.Unlock()
		}()
		next.ServeHTTP(w, r)
	})
}

// fail makes the next requests for /flaky fail with these statuses.
func (s *site) fail(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = statuses
}

func (s *site) flaky(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failures) == 0 {
		fmt.Fprint(w, "fine")
		return
	}
	w.WriteHeader(s.failures[0])
	s.failures = s.failures[1:]
}

func (s *site) store(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records += strings.Count(string(body), "\n")
}

// meet lets nobody go before enough have come; a lone request waits for the
// end of its context.
func (s *site) meet(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if fmt.Sprint(s.inFlight) == r.PathValue("n") {
		close(s.met)
	}
	s.mu.Unlock()
	select {
	case <-s.met:
	case <-r.Context().Done():
	}
}

// seen returns how many requests came, and how many were there at once.
func (s *site) seen() (requests, atOnce int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.most
}

// post stores records with one request.
func (s *site) post(ctx context.Context, records []string) error {
	body := strings.NewReader(strings.Join(records, "\n") + "\n")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/records", body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return &statusError{Code: resp.StatusCode}
	}
	return nil
}
