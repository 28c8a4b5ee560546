package httpx

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

func TestExpect(t *testing.T) {
	page := answer{status: 200, header: http.Header{"Content-Type": {"text/html"}, "Vary": {"Accept", "Origin"}}, body: "hello, world", after: time.Second}
	tests := map[string]struct {
		expect   task.Expect
		answers  []answer
		kind     task.ErrorType
		failed   []string
		attempts int
	}{
		"all met": {task.Expect{Status: "200", Header: map[string]string{"content-type": "^text/", "vary": "Origin"}, Body: "w.rld$", MaxTime: time.Second},
			[]answer{page}, "", nil, 1},
		"header":        {task.Expect{Header: map[string]string{"Content-Type": "json"}}, []answer{page}, "expect", []string{"header Content-Type"}, 1},
		"absent header": {task.Expect{Header: map[string]string{"X-None": ""}}, []answer{page}, "expect", []string{"header X-None"}, 1},
		"all failed": {task.Expect{Header: map[string]string{"b": "x", "a": "x"}, Body: "moon", MaxTime: time.Second - 1},
			[]answer{page}, "expect", []string{"header a", "header b", "body", "max_time"}, 1},
		"status":              {task.Expect{Status: "404"}, []answer{page}, "expect", []string{"status"}, 1},
		"status of an error":  {task.Expect{Status: "200"}, []answer{{status: 404}}, "404", []string{"status"}, 1},
		"named status":        {task.Expect{Status: "503"}, []answer{{status: 503}}, "", nil, 1},
		"other retried":       {task.Expect{Status: "404"}, []answer{{status: 503}, {status: 404}}, "", nil, 2},
		"only the last heard": {task.Expect{Body: "^hello"}, []answer{{status: 200, body: "goodbye", bodyErr: io.ErrUnexpectedEOF}, page}, "", nil, 2},
		"shorter than before": {task.Expect{Body: "hellobye"}, []answer{{status: 200, body: "goodbye", bodyErr: io.ErrUnexpectedEOF},
			{status: 200, body: "hello"}}, "expect", []string{"body"}, 2},
		"in pieces": {task.Expect{Body: "^0123456789$"}, []answer{half(http.Header{"Etag": {`"1"`}}),
			rest("bytes 5-9/10", "56789", http.Header{"Etag": {`"1"`}})}, "", nil, 2},
		"within the window": {task.Expect{Body: "end"}, []answer{{status: 200, body: strings.Repeat("x", expectWindow-3) + "end"}}, "", nil, 1},
		"behind the window": {task.Expect{Body: "end"}, []answer{{status: 200, body: strings.Repeat("x", expectWindow-2) + "end"}}, "expect", []string{"body"}, 1},
		"empty body":        {task.Expect{Body: "^$"}, []answer{{status: 204}}, "", nil, 1},
		"time is the last attempt's": {task.Expect{MaxTime: 500 * time.Millisecond}, []answer{{status: 503, after: time.Second}, {status: 200, after: 400 * time.Millisecond}},
			"", nil, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: func(_ *http.Request, nth int) answer { return tt.answers[min(nth, len(tt.answers))-1] }}
				o := defaults()
				o.expect = &tt.expect
				o.client.RetryAll = tt.kind == task.ErrExpect // not even then
				r := run(t, o, w, "http://h.test/x")[0]
				var kind task.ErrorType
				if r.Error != nil {
					kind = r.Error.Type
				}
				if kind != tt.kind || !slices.Equal(r.Expect, tt.failed) || r.Attempts != tt.attempts {
					t.Errorf("%v, failed %q, %d attempts", r.Error, r.Expect, r.Attempts)
				}
			})
		})
	}
}
