package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
)

func TestStatus(t *testing.T) {
	stopped := func(s syscall.Signal) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(&SignalError{s})
		return ctx
	}
	running := context.Background()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"well", running, nil, 0},
		{"a failed task", running, verdict(ops.Failed), 1},
		{"usage", running, &UsageError{errors.New("x")}, 2},
		{"input", running, fmt.Errorf("batch: %w", &ops.InputError{Err: errors.New("x")}), 2},
		{"unknown command", running, errors.New("unknown command"), 2},
		{"nobody answered", running, verdict(ops.Unanswered), 3},
		{"integrity", running, verdict(ops.Integrity), 4},
		{"deadline", running, verdict(ops.Deadline), 5},
		{"an output", running, verdict(ops.LocalIO), 6},
		{"a result", running, &ops.LocalError{Err: errors.New("x")}, 6},
		{"a panic", running, &asynccore.PanicError{Value: "x"}, 70},
		{"a panic while stopped", stopped(syscall.SIGINT), &asynccore.PanicError{Value: "x"}, 70},
		{"interrupted", stopped(syscall.SIGINT), verdict(ops.Deadline), 130},
		{"interrupted, with bad input", stopped(syscall.SIGINT), &ops.InputError{Err: errors.New("x")}, 130},
		{"terminated", stopped(syscall.SIGTERM), nil, 143},
		{"hung up", stopped(syscall.SIGHUP), nil, 143},
		{"closed pipe", running, &ops.LocalError{Err: syscall.EPIPE}, 141},
	} {
		if got := Status(c.ctx, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// What is printed has nothing that a terminal acts on, and what has nothing is
// printed as it is.
func FuzzPrintable(f *testing.F) {
	f.Add("##vso[task.setvariable]###[x]")
	f.Add("plain ä\x1b[2J\u202e\u009b\xff\u200b\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Visible(s)
		if !utf8.ValidString(got) || strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
			t.Errorf("%q: %q", s, got)
		}
		if report.Visible(got) != got {
			t.Errorf("%q: %q, printed again %q", s, got, report.Visible(got))
		}
		if line := oneLine(s); strings.Contains(line, "\n") || strings.Contains(line, "##") {
			t.Errorf("%q: %q is no line", s, line)
		}
	})
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain äöü 漢字":           "plain äöü 漢字",
		"a\x1b[31mred":           `a\x1b[31mred`,
		"two\nlines":             `two\nlines`,
		"over\rwritten\a":        `over\rwritten\a`,
		"right\u202eto left":     `right\u202eto left`,
		"c1 \u009b and \x00":     `c1 \u009b and \x00`,
		"invalid \xff byte":      `invalid \xff byte`,
		"zero\u200bwidth \ufeff": `zero\u200bwidth \ufeff`,
	} {
		if got := report.Visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
