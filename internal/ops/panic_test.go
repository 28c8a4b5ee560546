package ops

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/task"
)

// panicky is a Fetcher that panics at URLs with "panic" in them.
type panicky struct{}

func (panicky) Fetch(_ context.Context, spec httpx.Exchange, rec *task.Record) error {
	rec.Attempts, rec.Status = 1, 200
	if strings.Contains(spec.URL.Path, "panic") {
		panic("secret in a panic")
	}
	return nil
}

// open is a Gate that is always open.
type open struct{}

func (open) Admit(string, bool, time.Time) asynccore.Answer { return asynccore.Answer{OK: true} }
func (open) Release(string, time.Time)                      {}
func (open) Bind(func(string))                              {}
func (open) Pauses(time.Time) httpx.Pauses                  { return httpx.Pauses{} }
func (open) Mark(string) *httpx.Mark                        { return &httpx.Mark{} }

// kept are Results in memory.
type kept struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (k *kept) Append(line []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, string(line))
	return nil
}
func (*kept) Failed() <-chan struct{}   { return nil }
func (*kept) Err() error                { return nil }
func (*kept) Done(string) (int64, bool) { return 0, false }
func (*kept) Close() error              { return nil }

// silent is a Watcher and a Teller that says nothing.
type silent struct{}

func (silent) Planned(int64, func() Progress) {}
func (silent) Ended(*task.Record)             {}
func (silent) Warn(string, ...any)            {}
func (silent) Detail(string, ...any)          {}

type noLists struct{}

func (noLists) Open(string) iter.Seq2[lists.Line, error] {
	return func(func(lists.Line, error) bool) {}
}
func (noLists) Regular(string) bool { return false }

// A panic in a task is one failed record that tells of a bug, without what was
// passed to panic; all other tasks run, and the run returns the panic.
func TestPanicEndsOneTask(t *testing.T) {
	results := &kept{}
	var began, ended, bugs atomic.Int32
	b := Batch{
		Span: func(ctx context.Context, _ *task.Task) (context.Context, func(*task.Record)) {
			began.Add(1)
			return ctx, func(rec *task.Record) {
				if ended.Add(1); rec.Error != nil && rec.Outcome == task.Failed {
					bugs.Add(1)
				}
			}
		},
		Lists:   noLists{},
		Connect: func(Settings) (Connection, error) { return Connection{panicky{}, open{}, 4, func() {}}, nil },
		Results: func(string, bool) (Results, error) { return results, nil },
	}
	urls := []string{"http://h/a", "http://h/panic", "http://h/b", "http://h/c"}
	sum, err := b.Run(t.Context(), BatchRequest{URLs: urls, Settings: Settings{Jobs: 4, Tell: silent{}}, Watcher: silent{}})
	p, ok := errors.AsType[*asynccore.PanicError](err)
	if !ok || !strings.Contains(string(p.Stack), "panicky.Fetch") {
		t.Errorf("error %v, want the panic with its stack", err)
	}
	if sum.OK != 3 || sum.Failed != 1 || len(results.lines) != 4 {
		t.Errorf("%+v, %d records", sum.Tally, len(results.lines))
	}
	if began.Load() != 4 || ended.Load() != 4 || bugs.Load() != 1 {
		t.Errorf("%d spans began, %d ended, %d of them failed; want 4, 4 and 1", began.Load(), ended.Load(), bugs.Load())
	}
	for _, line := range results.lines {
		var rec task.Record
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		bug := rec.Error != nil && strings.Contains(rec.Error.Message, "a bug in specify")
		if bug != strings.Contains(rec.URL, "panic") || strings.Contains(line, "secret") {
			t.Error(line)
		}
	}
}
