package telemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// typed is an error of the kind that the rest of the program has.
type typed string

func (e typed) Error() string     { return "secret text of " + string(e) }
func (e typed) ErrorType() string { return string(e) }

// fetch is an operation's request and result.
type fetch struct{ attrs []slog.Attr }

func (f fetch) Attrs() []slog.Attr { return f.attrs }

// flaky answers 503, then redirects, then answers.
func flaky(t *testing.T) *httptest.Server {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n++; {
		case n == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "later")
		case r.URL.Path == "/":
			http.Redirect(w, r, "/there", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "here")
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// get sends and reads one GET.
func get(ctx context.Context, c *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// TestTree puts each layer into its span and compares the whole.
func TestTree(t *testing.T) {
	r := newRun(t, telemetry.Config{ExitCode: func(err error) int {
		if err != nil {
			return 1
		}
		return 0
	}}, "TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	server := flaky(t)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: r.Transport(base)}

	fetchOp := telemetry.Around(r.Telemetry, "ops.Fetch", func(ctx context.Context, _ fetch) (fetch, error) {
		ctx, end := r.Task(ctx, slog.String("specify.task.id", "b3f0"))
		for status := 0; status != http.StatusOK; {
			var err error
			if status, err = get(ctx, client, server.URL+"/"); err != nil {
				t.Error(err)
				break
			}
			if status == http.StatusServiceUnavailable {
				r.Event(ctx, "backoff", slog.String("reason", "503"))
			}
		}
		end(telemetry.TaskEnd{Outcome: "ok", Attrs: []slog.Attr{slog.Int("specify.attempts", 2)}})
		return fetch{[]slog.Attr{slog.Int("specify.tasks", 1)}}, nil
	})
	execOp := telemetry.Around(r.Telemetry, "ops.Exec", func(ctx context.Context, _ int) (int, error) {
		_, end := r.Exec(ctx, "/usr/bin/make")
		end(os.Getpid(), 3, nil)
		return 0, typed("exit")
	})

	root := &cobra.Command{Use: "specify", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(
		&cobra.Command{Use: "fetch URL", RunE: func(cmd *cobra.Command, args []string) error {
			_, err := fetchOp(cmd.Context(), fetch{[]slog.Attr{slog.String("specify.mode", "single")}})
			return err
		}},
		&cobra.Command{Use: "exec", RunE: func(cmd *cobra.Command, args []string) error {
			_, err := execOp(cmd.Context(), 0)
			return err
		}},
	)
	r.commands(root)
	for _, name := range []string{"fetch", "exec"} {
		root.SetArgs([]string{name})
		if err := root.ExecuteContext(t.Context()); (err != nil) != (name == "exec") {
			t.Errorf("%s: %v", name, err)
		}
	}

	want := `
specify fetch process.exit.code=0 < remote
  ops.Fetch specify.mode=single specify.tasks=1
    task specify.task.id=b3f0 specify.task.outcome=ok specify.attempts=2
    - backoff reason=503
      GET CLIENT ERROR http.response.status_code=503 error.type=503
      GET CLIENT http.response.status_code=302 http.request.resend_count=1
      GET CLIENT http.response.status_code=200 http.request.resend_count=2
specify exec ERROR process.exit.code=1 error.type=exit < remote
  ops.Exec ERROR error.type=exit
    make CLIENT ERROR process.exit.code=3 error.type=exit
`
	got := r.tree("specify.mode", "specify.tasks", "specify.task.id", "specify.task.outcome", "specify.attempts", "reason",
		"http.response.status_code", "http.request.resend_count", "process.exit.code", "error.type")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	for _, s := range r.receiver.Spans() {
		if id := hexID(s.GetTraceId()); id != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in trace %s", s.GetName(), id)
		}
		if s.GetName() == "make" {
			for key, want := range map[string]string{"process.executable.name": "make", "process.pid": strconv.Itoa(os.Getpid())} {
				if got, _ := otlptest.Attribute(s.GetAttributes(), key); got != want {
					t.Errorf("%s = %q, want %q", key, got, want)
				}
			}
		}
	}
}

// commands puts each command of the tree into its span.
func (r *run) commands(root *cobra.Command) {
	for _, cmd := range append(root.Commands(), root) {
		if inner := cmd.RunE; inner != nil {
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				return r.Command(cmd, func() error { return inner(cmd, args) })
			}
		}
	}
}

// many are too many tasks for one trace.
const many = 1001

// TestLinked gives each task its own trace.
func TestLinked(t *testing.T) {
	for _, linked := range []bool{false, true} {
		r := newRun(t, telemetry.Config{})
		ctx, endRun := r.Observe(t.Context(), "ops.Batch")
		if linked {
			r.Planned(many)
		}
		traces := make(map[string]bool)
		for range 2 {
			ctx, end := r.Task(ctx)
			id, _ := telemetry.IDs(ctx)
			traces[id] = true
			_, endInner := r.Observe(ctx, "inner")
			endInner(nil)
			end(telemetry.TaskEnd{Outcome: "ok"})
		}
		endRun(nil)
		want, traceCount := "\nops.Batch\n  task\n    inner\n  task\n    inner\n", 1
		if linked {
			want, traceCount = "\nops.Batch\ntask -> ops.Batch\n  inner\ntask -> ops.Batch\n  inner\n", 2
		}
		if diff := cmp.Diff(want, r.tree()); diff != "" {
			t.Errorf("linked=%v (-want +got):\n%s", linked, diff)
		}
		if len(traces) != traceCount {
			t.Errorf("linked=%v: %d traces of tasks, want %d", linked, len(traces), traceCount)
		}
	}
}

// TestUnplanned begins in one trace and goes on in others when that is full: so
// it is for a run whose number of tasks nobody knows.
func TestUnplanned(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_METRICS_EXPORTER", "none")
	ctx, endRun := r.Observe(t.Context(), "ops.Batch")
	r.Planned(-1)
	own, _ := telemetry.IDs(ctx)
	inside := 0
	for i := range many + 5 {
		ctx, end := r.Task(ctx)
		if id, _ := telemetry.IDs(ctx); id == own {
			if inside++; i >= many-1 {
				t.Errorf("task %d is in the run's trace", i)
			}
		}
		end(telemetry.TaskEnd{Outcome: "ok"})
	}
	endRun(nil)
	r.finish()
	if inside != many-1 {
		t.Errorf("%d tasks in the run's trace, want %d", inside, many-1)
	}
}

// TestUnsampledParentIsObeyed covers TRACEPARENT with flags 00, for linked
// tasks, too, whose roots are new.
func TestUnsampledParentIsObeyed(t *testing.T) {
	for _, sampler := range []string{"", "parentbased_traceidratio"} {
		r := newRun(t, telemetry.Config{}, "OTEL_TRACES_SAMPLER", sampler,
			"TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
		ctx, endRun := r.Observe(r.Root(t.Context()), "ops.Batch")
		r.Planned(many)
		ctx, end := r.Task(ctx)
		if id, _ := telemetry.IDs(ctx); id != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("the task is in trace %s, want the caller's", id)
		}
		end(telemetry.TaskEnd{Outcome: "failed", ErrorType: "503"})
		endRun(typed("503"))
		if got := r.tree(); got != "\n" {
			t.Errorf("sampler %q: spans left in spite of the caller's decision:%s", sampler, got)
		}
	}
}

// TestErrorsAreTypesOnly looks at error.type for errors of all origins, and
// that no text of them leaves.
func TestErrorsAreTypesOnly(t *testing.T) {
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(typed("timeout_read"))
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want string
	}{
		{"own type, wrapped", t.Context(), errors.Join(errors.New("secret"), typed("checksum")), "checksum"},
		{"cause of the context", canceled, canceled.Err(), "timeout_read"},
		{"configured", t.Context(), errors.New("secret configured"), "configured"},
		{"canceled", t.Context(), context.Canceled, "canceled"},
		{"unknown", t.Context(), errors.New("secret"), "_OTHER"},
	}
	r := newRun(t, telemetry.Config{ErrorType: func(err error) string {
		if strings.HasSuffix(err.Error(), "configured") {
			return "configured"
		}
		return ""
	}})
	var want strings.Builder
	want.WriteString("\n")
	for _, tt := range tests {
		_, end := r.Observe(tt.ctx, tt.name)
		end(tt.err)
		want.WriteString(tt.name + " ERROR error.type=" + tt.want + "\n")
	}
	if diff := cmp.Diff(want.String(), r.tree("error.type")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, s := range r.receiver.Spans() {
		if strings.Contains(s.String(), "secret") {
			t.Errorf("an error's text is in span %v", s)
		}
	}
}

// TestNilResultSaysNothing covers the nil pointer beside an error, whose
// method would panic.
func TestNilResultSaysNothing(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	op := telemetry.Around(r.Telemetry, "op", func(context.Context, *fetch) (*fetch, error) { return nil, typed("dns") })
	if out, err := op(t.Context(), nil); out != nil || err != typed("dns") {
		t.Errorf("returned %v, %v", out, err)
	}
	if got, want := r.tree("error.type"), "\nop ERROR error.type=dns\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
}

// TestPanicPassesThrough shows that wrappers end their spans and leave the
// panic as it is.
func TestPanicPassesThrough(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	op := telemetry.Around(r.Telemetry, "ops.Fetch", func(context.Context, int) (int, error) { panic("boom") })
	root := &cobra.Command{Use: "specify", RunE: func(cmd *cobra.Command, _ []string) error {
		_, err := op(cmd.Context(), 0)
		return err
	}}
	r.commands(root)
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v, want boom", p)
			}
		}()
		root.SetArgs(nil)
		_ = root.ExecuteContext(t.Context())
	}()
	want := "\nspecify ERROR error.type=panic\n  ops.Fetch ERROR error.type=panic\n"
	if diff := cmp.Diff(want, r.tree("error.type")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
