package direct_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
)

// What direct does not speak goes to an http.Transport, which takes over the
// connections on which an origin has chosen HTTP/2.
func ExampleTransport() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	defer srv.Close()

	rt := &direct.Transport{ConnectTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	rt.Fallback = &http.Transport{DialTLSContext: rt.DialTLSContext, ForceAttemptHTTP2: true}
	defer rt.CloseIdleConnections()

	resp, err := (&http.Client{Transport: rt}).Get(srv.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 hello <nil>
}

// A server's silence is told apart from the end of the caller's own context.
func ExampleTimeoutError() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	defer srv.Close()

	rt := &direct.Transport{ReadTimeout: 20 * time.Millisecond}
	_, err := (&http.Client{Transport: rt}).Get(srv.URL)
	if late, ok := errors.AsType[*direct.TimeoutError](err); ok {
		fmt.Println(late.ErrorType(), late.After)
	}
	// Output: timeout_read 20ms
}
