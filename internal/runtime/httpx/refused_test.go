package httpx

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// What is told of a refused answer's body is what it decodes to, and nothing
// where it was not read to its end.
func TestRefusedBody(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := io.WriteString(w, "no such thing"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", maxErrorBody)
	tests := []struct {
		name, coding, body, want string
		bytes                    int64
	}{
		{"plain", "", "gone", "gone", 4},
		{"empty", "", "", "", 0},
		{"gzip", "gzip", zipped.String(), "no such thing", 13},
		{"cut gzip", "gzip", zipped.String()[:zipped.Len()-4], "no such thing", task.Unknown},
		{"unknown coding", "br", "abc", "", task.Unknown},
		{"too long", "", long, long, task.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			rec := task.Record{Bytes: task.Unknown}
			ex := &exchange{rec: &rec, spec: Exchange{Refused: &got}}
			wire := strings.NewReader(tt.body)
			err := ex.refuse(&http.Response{
				StatusCode: 404, Header: http.Header{"Content-Encoding": {tt.coding}}, ContentLength: -1, Body: io.NopCloser(wire),
				Request: &http.Request{Method: "GET", Header: http.Header{"Accept-Encoding": {acceptEncoding}}},
			})
			if statusOf(err) != 404 {
				t.Errorf("err = %v", err)
			}
			if got.String() != tt.want || rec.Bytes != tt.bytes || wire.Len() != 0 {
				t.Errorf("body %.40q, %d bytes, %d not read; want %.40q, %d", got.String(), rec.Bytes, wire.Len(), tt.want, tt.bytes)
			}
		})
	}
}
