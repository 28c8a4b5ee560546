package site

import (
	"fmt"
	"net/http"
)

// Counts is what a server has seen since it started.
type Counts struct{ Connections, Requests int64 }

// Minus returns what came between two readings, without the later reading's own
// connection and request.
func (c Counts) Minus(earlier Counts) Counts {
	return Counts{c.Connections - earlier.Connections - 1, c.Requests - earlier.Requests - 1}
}

// Count asks the server at port, which is Plain for what is served at TLS.
func Count(port int) (Counts, error) {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/status", port), nil)
	if err != nil {
		return Counts{}, err
	}
	req.Close = true // so that every reading is one connection
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Counts{}, err
	}
	defer resp.Body.Close()
	// "Active connections: 1 \nserver accepts handled requests\n 16 16 31 \n..."
	var c Counts
	var word string
	for word != "requests" {
		if _, err := fmt.Fscan(resp.Body, &word); err != nil {
			return Counts{}, fmt.Errorf("read %s: %w", req.URL, err)
		}
	}
	var handled int64
	_, err = fmt.Fscan(resp.Body, &c.Connections, &handled, &c.Requests)
	return c, err
}
