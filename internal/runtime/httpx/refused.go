package httpx

import (
	"io"
	"net/http"
)

// maxErrorBody bounds how much of the body of an unwanted answer is read, as
// sent and decoded: to count it, to keep the connection, and to show it where
// that was asked for. A longer one costs the connection.
const maxErrorBody = 1 << 20

// refuse reads the body of an answer whose status is not wanted. It is decoded
// like any other; one that breaks, or is longer than maxErrorBody, is not
// counted, and the status stays what the attempt ends with.
func (ex *exchange) refuse(resp *http.Response) error {
	wire := io.LimitReader(resp.Body, maxErrorBody)
	body, err := decoded(resp, wire)
	if err == nil {
		to := ex.spec.Refused
		if to == nil {
			to = io.Discard
		}
		var n int64
		if n, err = io.Copy(to, io.LimitReader(body, maxErrorBody)); err == nil && n < maxErrorBody {
			ex.rec.Bytes = n
		}
	}
	if err != nil {
		_, _ = io.Copy(io.Discard, wire) // to the end, for the connection's sake
	}
	return &StatusError{resp.StatusCode}
}
