package asynccore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
)

func TestResults(t *testing.T) {
	type result = asynccore.Result[int]
	boom := errors.New("boom")
	missing := fmt.Errorf("open: %w", fs.ErrNotExist)
	tests := []struct {
		name     string
		in       []result
		values   []int
		text     string // of Join's error; empty for nil
		is       []error
		passed   []int
		failures []int
	}{
		{name: "none", values: []int{}},
		{name: "all well", in: []result{{Value: 1}, {Value: 2}}, values: []int{1, 2}, passed: []int{1, 2}},
		{
			name: "some failed", in: []result{{Err: boom}, {Value: 2}, {Err: missing}}, values: []int{0, 2, 0},
			text: "[0] boom\n[2] open: file does not exist", is: []error{boom, fs.ErrNotExist},
			passed: []int{2}, failures: []int{0, 2},
		},
		{
			name: "value beside an error", in: []result{{Value: 7, Err: boom}}, values: []int{0},
			text: "[0] boom", is: []error{boom}, failures: []int{0},
		},
		{
			name: "failures within failures", in: []result{{Value: 1}, {Err: asynccore.Join([]result{{}, {Err: boom}})}}, values: []int{1, 0},
			text: "[1] [1] boom", is: []error{boom}, passed: []int{1}, failures: []int{1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values, err := asynccore.Values(tt.in)
			if diff := cmp.Diff(tt.values, values); diff != "" {
				t.Errorf("Values (-want +got):\n%s", diff)
			}
			if text := errorText(err); text != tt.text {
				t.Errorf("Values error %q, want %q", text, tt.text)
			}
			if text := errorText(asynccore.Join(tt.in)); text != tt.text {
				t.Errorf("Join %q, want %q", text, tt.text)
			}
			for _, target := range tt.is {
				if !errors.Is(err, target) {
					t.Errorf("errors.Is(%q, %q) = false", err, target)
				}
			}
			passed, failed := asynccore.Partition(tt.in)
			if diff := cmp.Diff(tt.passed, passed); diff != "" {
				t.Errorf("Partition values (-want +got):\n%s", diff)
			}
			var failures []int
			for _, f := range failed {
				failures = append(failures, f.Index)
				if f.Err != tt.in[f.Index].Err {
					t.Errorf("failure %d holds %v", f.Index, f.Err)
				}
			}
			if diff := cmp.Diff(tt.failures, failures); diff != "" {
				t.Errorf("Partition failures (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// joinKeepsAll says that Join names exactly the failures, in order, each with
// its index and its own error, and that every one is found through it.
func joinKeepsAll(t *rapid.T) {
	failed := rapid.SliceOf(rapid.Bool()).Draw(t, "failed")
	rs := make([]asynccore.Result[int], len(failed))
	var want []int
	for i, f := range failed {
		if f {
			rs[i].Err = fmt.Errorf("failure of %d", i)
			want = append(want, i)
		}
	}
	err := asynccore.Join(rs)
	if len(want) == 0 {
		if err != nil {
			t.Fatalf("Join without failures = %v", err)
		}
		return
	}
	first, ok := errors.AsType[*asynccore.IndexError](err)
	if !ok || first.Index != want[0] {
		t.Fatalf("AsType found %v, want index %d", first, want[0])
	}
	var got []int
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		entry := e.(*asynccore.IndexError)
		if entry.Err != rs[entry.Index].Err || !errors.Is(err, entry.Err) {
			t.Fatalf("entry %d holds %v", entry.Index, entry.Err)
		}
		got = append(got, entry.Index)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("indexes (-want +got):\n%s", diff)
	}
}

func TestJoinKeepsAll(t *testing.T) { rapid.Check(t, joinKeepsAll) }

func FuzzJoin(f *testing.F) { f.Fuzz(rapid.MakeFuzz(joinKeepsAll)) }
