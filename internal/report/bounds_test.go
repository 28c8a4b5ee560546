package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// failing is a run of n failures, whose URLs and messages end in text.
func failing(t *testing.T, n int, text string) *Report {
	records := make([]task.Record, n)
	for i := range records {
		records[i] = throttled(int64(i), fmt.Sprintf("https://host-%d.example.com/%s", i%50, text))
		records[i].Error = &task.Error{Type: "503", Message: "503 " + text}
	}
	return collect(t, records...)
}

func TestMarkdownIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"long": strings.Repeat("x", 20_000), "growing when escaped": strings.Repeat("`|", 10_000),
		"of many bytes": strings.Repeat("日", 10_000), "short": "x",
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := WriteMarkdown(&out, failing(t, 1000, text)); err != nil {
				t.Fatal(err)
			}
			if out.Len() > 300_000 {
				t.Errorf("%d bytes, want 300,000 at most", out.Len())
			}
			for _, left := range []string{"\n800 more failures left out here.\n", "\n40 faster origins left out here.\n"} {
				if !strings.Contains(out.String(), left) {
					t.Errorf("the Markdown does not say %q", left)
				}
			}
		})
	}
}

func TestAnnotationsAreTenAtMost(t *testing.T) {
	unfinished := blank(99, "https://example.com/late")
	unfinished.Outcome = task.Unfinished
	for _, test := range []struct {
		failed     int
		unfinished bool
		lines      int
		last       string
	}{
		{0, false, 0, ""},
		{0, true, 1, "::error title=specify::1 unfinished task"},
		{9, true, 10, "::error title=specify::1 unfinished task"},
		{10, false, 10, "::error title=specify%3A 503::https://host-9.example.com/: 503  in 7.4s (6.1s waiting on Retry-After)"},
		{10, true, 10, "::error title=specify::1 more failure and 1 unfinished task"},
		{11, false, 10, "::error title=specify::2 more failures"},
		{5000, true, 10, "::error title=specify::4,991 more failures and 1 unfinished task"},
	} {
		t.Run(fmt.Sprintf("%d failed, unfinished %v", test.failed, test.unfinished), func(t *testing.T) {
			var records []task.Record
			for i := range test.failed {
				rec := throttled(int64(i), fmt.Sprintf("https://host-%d.example.com/", i))
				rec.Error = &task.Error{Type: "503", Message: "503 "}
				records = append(records, rec)
			}
			if test.unfinished {
				unfinished.ID = "late"
				records = append(records, unfinished)
			}
			var out bytes.Buffer
			if err := Annotations(&out, collect(t, records...)); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(out.String(), "\n")
			if len(lines)-1 != test.lines {
				t.Fatalf("%d lines, want %d:\n%s", len(lines)-1, test.lines, out.String())
			}
			if test.lines > 0 && lines[test.lines-1] != test.last {
				t.Errorf("last line %q, want %q", lines[test.lines-1], test.last)
			}
		})
	}
}

// The escapes of actions/toolkit, whose own order matters: the percent sign is
// escaped too, so that text that looks escaped comes back as it was.
func TestAnnotationEscapes(t *testing.T) {
	var out bytes.Buffer
	annotate(&out, "a:b,c%0A", "100%, 50%25: a\r\nb")
	if got, want := out.String(), "::error title=a%3Ab%2Cc%250A::100%25, 50%2525: a%0D%0Ab\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// full is a device without room.
type full struct{ left int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A report that could not be written whole is an error, wherever the room ends.
func TestWriteErrors(t *testing.T) {
	r := failing(t, 300, strings.Repeat("x", 100))
	for name, write := range map[string]func(io.Writer, *Report) error{
		"html": WriteHTML, "junit": WriteJUnit, "markdown": WriteMarkdown, "text": WriteText, "annotations": Annotations,
	} {
		t.Run(name, func(t *testing.T) {
			var whole bytes.Buffer
			if err := write(&whole, r); err != nil {
				t.Fatal(err)
			}
			for _, room := range []int{0, whole.Len() / 3, whole.Len() - 1} {
				if err := write(&full{room}, r); !errors.Is(err, errFull) {
					t.Errorf("with room for %d of %d bytes: err = %v, want %v", room, whole.Len(), err, errFull)
				}
			}
			if err := write(&full{whole.Len()}, r); err != nil {
				t.Errorf("with room for all: %v", err)
			}
		})
	}
}
