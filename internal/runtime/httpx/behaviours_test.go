package httpx

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// One attempt at each of the faultserver's behaviours gives the verdict that
// the RFCs and the contract want, one at a time and many at once.
func TestBehaviours(t *testing.T) {
	for _, jobs := range []int{1, 64} {
		t.Run(fmt.Sprintf("jobs=%d", jobs), func(t *testing.T) {
			server, err := faultserver.Start(faultserver.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			// Each has a client of its own: an origin that pauses, or a connection
			// that breaks, is not to be felt by the others.
			many := asynccore.NewRunner(asynccore.RunnerConfig{Workers: jobs, Queue: 1000})
			for _, b := range faultserver.Behaviours() {
				if err := many.Go(t.Context(), asynccore.Job{}, func(ctx context.Context) {
					got, detail := attemptAt(ctx, server, b, 1)
					if strings.HasPrefix(got, "timeout_") && !b.Want.Allows(got) {
						// On a busy machine they wait for each other, not for the server.
						got, detail = attemptAt(ctx, server, b, 20)
					}
					if !b.Want.Allows(got) {
						t.Errorf("%s (%s %s): %s, want %v: %s\n\t%s", b.Name, b.Listener, b.Path, got, b.Want, detail, b.Doc)
					}
				}); err != nil {
					t.Fatal(err)
				}
			}
			if err := many.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// attemptAt makes one attempt at a behaviour, with the limits that the table of
// behaviours is about; those of time are multiplied by patience.
func attemptAt(ctx context.Context, s *faultserver.Server, b faultserver.Behaviour, patience time.Duration) (outcome, detail string) {
	u, err := url.Parse(b.URL(s))
	if err != nil {
		return "input", err.Error()
	}
	tk := &task.Task{ID: b.Name, URLs: []string{u.String()}, Method: b.Method}
	for name, values := range b.Header {
		for _, value := range values {
			tk.Header = append(tk.Header, task.Field{Name: name, Value: value})
		}
	}
	if b.BodySize > 0 {
		tk.Body = bytes.Repeat([]byte("x"), b.BodySize)
	}
	gate := NewGate(GateConfig{})
	client := New(Config{
		UserAgent: "test", ConnectTimeout: patience * faultserver.ConnectTimeout, ReadTimeout: patience * faultserver.ReadTimeout,
		MaxRedirects: faultserver.MaxRedirects, MaxBody: faultserver.MaxBody, Connections: 1,
		TLS: s.ClientTLS(), Gate: gate,
	})
	defer client.Close()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: gate})
	gate.Bind(runner.Wake)
	rec := task.NewRecord(tk)
	job := asynccore.Job{Key: Origin(u), Timeout: patience * 20 * time.Second}
	_, err = asynccore.GatherOn(ctx, runner, job, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, client.Fetch(ctx, Exchange{
			Task: tk, URL: *u, Accept: func(status int) bool { return status/100 == 2 }, Sink: Discard, Stop: ctx,
		}, &rec)
	})
	if err := runner.Close(ctx); err != nil {
		return "panic", err.Error()
	}
	if err == nil {
		return string(task.OK), ""
	}
	e := AsTaskError(err, rec.Attempts)
	return string(e.Type), fmt.Sprintf("%v (%T)", e, err)
}
