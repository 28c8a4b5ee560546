package report

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/specify-cli/specify/internal/task"
)

// small is a run with one task of each kind that the formats tell apart.
func small(t testing.TB) *Report {
	unchanged := okRecord(2, "https://example.com/cached?a=1|2")
	unchanged.Outcome, unchanged.Status, unchanged.Bytes = task.NotModified, 304, 0

	command := blank(3, "")
	command.Outcome, command.Method, command.Attempts, command.ExitCode = task.Failed, "", 1, 2
	command.ID, command.Start, command.Duration = "make docs", runStart, 1500*time.Millisecond
	command.Error = &task.Error{Type: task.ErrExit, Message: "exit status 2"}
	command.StderrTail = "make: *** [docs] Error 2\nmake: stopped\n"

	unstarted := blank(4, "https://example.com/late")
	unstarted.Outcome = task.Unfinished
	unstarted.Error = &task.Error{Type: task.ErrCanceled, Message: "the deadline came first"}

	broken := okRecord(6, "https://example.com/b.tgz")
	broken.Outcome, broken.FinalURL = task.Failed, "https://cdn.example.com/b.tgz"
	broken.Error = &task.Error{Type: task.ErrExpect, Message: "2 expectations were not met"}
	broken.Expect = []string{"header content-type: application/gzip", "body: ^PK"}

	invalid := blank(7, "htps//example")
	invalid.Outcome = task.Failed
	invalid.Error = &task.Error{Type: task.ErrInput, Message: `urls.txt:8: "htps//example" is not an http or https URL`}

	saved := okRecord(0, "https://example.com/a.tgz")
	saved.Output = &task.Output{Path: "vendor/a.tgz", Bytes: 2048}
	return collect(t, throttled(1, "https://api.example.com/x?sig=REDACTED"), saved, unchanged, command, unstarted,
		okRecord(5, "https://example.com/a.tgz"), broken, invalid)
}

// writeDataTo is writeData for any writer.
func writeDataTo(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	if err := writeData(out, r); err != nil {
		return err
	}
	return out.Flush()
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *Report) error{
		"report.txt":      WriteText,
		"report.md":       WriteMarkdown,
		"report.xml":      WriteJUnit,
		"annotations.txt": Annotations,
		"data.json":       writeDataTo,
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got, small(t)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got; rewrite with -update)\n%s", path, diff)
			}
		})
	}
}
