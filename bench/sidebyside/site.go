package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// site is a server that is slow to answer, and a client for it.
//
//	GET /items/N   answers "N"
//	POST /records  stores a record a line
type site struct {
	latency time.Duration
	server  *httptest.Server
	client  *http.Client
	stored  atomic.Int64 // records
}

func newSite(latency time.Duration) *site {
	s := &site{latency: latency}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{n}", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		io.WriteString(w, r.PathValue("n"))
	})
	mux.HandleFunc("POST /records", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		time.Sleep(latency)
		s.stored.Add(int64(bytes.Count(body, []byte("\n"))))
		w.WriteHeader(http.StatusNoContent)
	})
	s.server = httptest.NewServer(mux)
	// The default of two idle connections a host would make most requests dial.
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	return s
}

func (s *site) close() {
	s.client.CloseIdleConnections()
	s.server.Close()
}

// item fetches one item.
func (s *site) item(ctx context.Context, n int) (string, error) {
	return s.do(ctx, http.MethodGet, fmt.Sprintf("/items/%d", n), "")
}

// store stores records with one request.
func (s *site) store(ctx context.Context, records []string) error {
	_, err := s.do(ctx, http.MethodPost, "/records", strings.Join(records, "\n")+"\n")
	return err
}

func (s *site) do(ctx context.Context, method, path, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return string(answer), nil
}
