package commands

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// asked runs a command line and returns the request that it makes.
func asked(t *testing.T, args ...string) (fetch *ops.FetchRequest, batch *ops.BatchRequest, err error) {
	t.Helper()
	root := New(Ops{
		Fetch: func(_ context.Context, req ops.FetchRequest) (ops.FetchResult, error) {
			fetch = &req
			return ops.FetchResult{Record: &task.Record{Outcome: task.OK}}, nil
		},
		Batch: func(_ context.Context, req ops.BatchRequest) (ops.Summary, error) {
			batch = &req
			return ops.Summary{}, nil
		},
	}, World{
		In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
		Configure: func(*pflag.FlagSet, string) error { return nil },
		Getenv:    func(string) string { return "" },
		ReadFile: func(name string) ([]byte, error) {
			if name == "f" {
				return []byte("one\ntwo\r\n"), nil
			}
			return nil, errors.New("no such file")
		},
	})
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return fetch, batch, err
}

func TestBatchRequest(t *testing.T) {
	_, req, err := asked(t, "batch", "http://a/", "-i", "f1", "--input-file", "f2", "-j", "7", "--parallel-max-host", "3",
		"--rate", "100/m", "--retry", "5", "--retry-jitter", "none", "--retry-delay", "2", "--expect", "200,3xx", "-r", "out", "--resume",
		"-d", "@f", "-d", "x", "--deadline", "1m", "-fsSLZ", "--compressed")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(req.URLs, " ") != "http://a/" || strings.Join(req.Files, " ") != "f1 f2" || req.Results != "out" || !req.Resume {
		t.Errorf("%+v", req)
	}
	s := req.Settings
	if s.Jobs != 7 || s.PerHost != 3 || s.Rate != (asynccore.Rate{Events: 100, Per: time.Minute}) {
		t.Errorf("pace: %d, %d, %v", s.Jobs, s.PerHost, s.Rate)
	}
	if s.Retry.Max != 5 || s.Retry.Jitter != asynccore.JitterNone || s.Retry.Base != 2*time.Second || s.Retry.MaxTime != 5*time.Minute {
		t.Errorf("retry: %+v", s.Retry)
	}
	if !s.Expect.Has(302) || s.Expect.Has(201) || !s.RetryOn.Has(524) || s.RetryOn.Has(501) {
		t.Error("statuses")
	}
	if got := string(s.Body); got != "onetwo&x" || s.ContentType != "application/x-www-form-urlencoded" {
		t.Errorf("body %q of type %q", got, s.ContentType)
	}
	if left := time.Until(s.Deadline); left < 50*time.Second || left > time.Minute {
		t.Errorf("deadline in %v", left)
	}
}

func TestFetchRequest(t *testing.T) {
	req, _, err := asked(t, "fetch", "-fsSL", "-X", "PUT", "-H", "A: 1", "-H", "Accept:", "--json", "@f", "https://h/dir/name.tgz?x", "-O", "-m", "1.5")
	if err != nil {
		t.Fatal(err)
	}
	if req.Output != "name.tgz" || req.Method != "PUT" || string(req.Body) != "one\ntwo\r\n" || req.MaxTime != 1500*time.Millisecond {
		t.Errorf("%+v", req)
	}
	var names []string
	for _, f := range req.Header {
		names = append(names, f.Name+"="+f.Value)
	}
	if got := strings.Join(names[1:], " "); got != "Accept=application/json A=1 Accept=" {
		t.Errorf("headers %s", got)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, line := range []string{
		"batch", "fetch", "fetch a b", "fetch http://h/ -O", "fetch http://h/x -O -o y", "fetch http://h/ -I -d x", "fetch http://h/ --json 1 -d x",
		"fetch http://h/ -H nocolon", "fetch http://h/ -d @missing", "fetch http://h/ -X A/B:C", "batch http://h/ --jobs 0", "batch http://h/ --rate 5",
		"batch http://h/ --resume", "batch http://h/ --report pdf=x --results r", "batch http://h/ --allow-failures 101%",
		"batch http://h/ --format xml", "batch http://h/ --shard 3/2", "batch http://h/ --shard 1", "batch http://h/ --expect 2x", "batch http://h/ --max-filesize lots", "report",
	} {
		fetch, batch, err := asked(t, strings.Fields(line)...)
		if err == nil || fetch != nil || batch != nil {
			t.Errorf("%s: no error", line)
			continue
		}
		if got := Status(t.Context(), err); got != 2 {
			t.Errorf("%s: exit status %d: %v", line, got, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "10": 10, "64K": 64 << 10, "10m": 10 << 20, "1G": 1 << 30} {
		var v sizeValue
		if err := v.Set(s); err != nil || int64(v) != want {
			t.Errorf("%s: %d, %v", s, v, err)
		}
	}
	for _, s := range []string{"", "-1", "1T", "K", "9999999999G", "1.5M"} {
		if new(sizeValue).Set(s) == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
