//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/specify-cli/specify/internal/faultserver"
)

// onTerminal is the program with a terminal of its own as its standard streams.
type onTerminal struct {
	*exec.Cmd
	terminal *os.File
	ended    chan struct{} // closed when all that was written has been read
	began    time.Time
	took     time.Duration // known after end

	mu  sync.Mutex // guards out
	out bytes.Buffer
}

// watch starts the program on a terminal with so many columns. What prepare
// redirects is not the terminal.
func watch(t *testing.T, columns int, env []string, prepare func(*exec.Cmd), args ...string) *onTerminal {
	t.Helper()
	p := &onTerminal{Cmd: exec.Command(os.Args[0], args...), ended: make(chan struct{})}
	p.Args[0] = "specify" // TestMain goes by it
	p.Dir = t.TempDir()
	p.Env = append([]string{"HOME=" + p.Dir, "TERM=xterm", hasty}, env...)
	if prepare != nil {
		prepare(p.Cmd)
	}
	var err error
	p.began = time.Now()
	if p.terminal, err = pty.StartWithSize(p.Cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	go func() { // ends when the program, which alone has the other side, does
		defer close(p.ended)
		buf := make([]byte, 32<<10)
		for {
			n, err := p.terminal.Read(buf)
			p.mu.Lock()
			p.out.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		p.terminal.Close()
	})
	return p
}

func (p *onTerminal) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// resize makes the terminal so many columns wide.
func (p *onTerminal) resize(t *testing.T, columns int) {
	t.Helper()
	if err := pty.Setsize(p.terminal, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
}

// end waits for the program to exit with a status, and returns what it wrote.
func (p *onTerminal) end(t *testing.T, status int) string {
	t.Helper()
	late := time.AfterFunc(time.Minute, func() { p.Process.Kill() })
	_ = p.Wait() // the status tells
	p.took = time.Since(p.began)
	<-p.ended
	if !late.Stop() {
		t.Fatalf("%v did not end: %.2000q", p.Args, p.output())
	}
	if got := p.ProcessState.ExitCode(); got != status {
		t.Errorf("exit status %d, want %d: %.2000q", got, status, p.output())
	}
	return p.output()
}

// erasure takes the progress line away, the cursor being at its beginning.
const erasure = " \x1b[J\r"

// seen takes apart what a person would see: the lines that stay, and the
// progress lines that were drawn. It fails the test when one was torn: when
// there is anything but whole lines and, between an "erase below" and a return
// to the first column, progress lines, or when one is left at the end.
func seen(t *testing.T, out string) (lines, drawn []string) {
	t.Helper()
	frames := strings.Split(out, erasure)
	for i, frame := range frames {
		parts := strings.Split(frame, "\r\n")
		line, whole := strings.CutSuffix(parts[len(parts)-1], "\r")
		if whole {
			drawn = append(drawn, line)
		}
		lines = append(lines, parts[:len(parts)-1]...)
		if last := i == len(frames)-1; whole && last || !whole && line != "" {
			t.Errorf("torn: %q in frame %d of %d", frame, i+1, len(frames))
		}
	}
	for _, line := range slices.Concat(lines, drawn) {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("a control character: %q", line)
		}
	}
	return lines, drawn
}

// wholeLine is what batch writes of a task or of itself.
var wholeLine = regexp.MustCompile(`^(specify: .*|(ok|failed|unfinished) +(-|\d+) .*)$`)

// busyList is a list that takes a second or two, with some failures and with an
// origin that pauses all the while.
func busyList(t *testing.T, server *faultserver.Server, dir string) {
	t.Helper()
	writeLines(t, dir, 120, func(i int) string {
		switch {
		case i == 0:
			return server.URL("origin1", "/retry-after/429?v=2&n=1")
		case i%10 == 3:
			return server.URL(faultserver.Plain, fmt.Sprintf("/status/404?%d", i))
		}
		return server.URL(faultserver.Plain, fmt.Sprintf("/slow/100?%d", i))
	})
}

// Records, failures and warnings stand above the progress line, which is never
// torn and never wider than the terminal, also while that is made narrower.
func TestProgressLine(t *testing.T) {
	server := serve(t, 1)
	p := watch(t, 100, nil, func(c *exec.Cmd) { busyList(t, server, c.Dir) }, "batch", "--file", "list.txt", "--retry-delay", "10ms", "-v")
	time.Sleep(700 * time.Millisecond)
	p.resize(t, 40)
	time.Sleep(50 * time.Millisecond) // a frame of the old width may be under way
	from := len(p.output())
	time.Sleep(650 * time.Millisecond)
	narrow := p.output()[from:]
	p.resize(t, 100)
	out := p.end(t, 1)
	lines, drawn := seen(t, out)
	for _, line := range lines {
		if !wholeLine.MatchString(line) {
			t.Errorf("not a whole line: %q", line)
		}
	}
	if n := strings.Count(out, "specify: FAIL "); n != 12 {
		t.Errorf("%d failures told of, want 12", n)
	}
	if len(drawn) < 5 {
		t.Fatalf("drawn %q", drawn)
	}
	shapes := regexp.MustCompile(`^\d+/120 \(\d+%\)  \d+ ok(  \d+ failed)?  [\d.]+/s(  ETA 0:\d\d)?  \d+ active(  1 origin paused for 0:0\d http://127.0.0.1:\d+)?$`)
	whole := slices.DeleteFunc(slices.Clone(drawn), func(line string) bool { return !shapes.MatchString(line) })
	if len(whole) == 0 || !strings.Contains(strings.Join(whole, "\n"), "paused for") || !strings.Contains(strings.Join(whole, "\n"), "ETA") {
		t.Errorf("no whole line with a pause and an ETA: %q", slices.Compact(drawn))
	}
	first, last := strings.Index(narrow, erasure), strings.LastIndex(narrow, erasure)
	_, between := seen(t, narrow[max(0, first):max(0, last)]+erasure)
	for _, line := range between {
		if len(line) > 39 {
			t.Errorf("%d columns on a terminal with 40: %q", len(line), line)
		}
	}
	if len(between) == 0 {
		t.Error("nothing was drawn on the narrow terminal")
	}
	redrawn := len(slices.Compact(slices.Clone(drawn)))
	if most := 5*int(p.took/time.Second+1) + 2; redrawn > most { // two widths make two of one
		t.Errorf("redrawn %d times in %v", redrawn, p.took)
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "specify: 120 tasks: 108 ok, 12 failed, 0 unfinished in ") {
		t.Errorf("the last line is %q", last)
	}
}

// After a signal the line says so, and at the end nothing of it is left; a
// second signal, which ends the process at once, leaves nothing either.
func TestProgressLineStopped(t *testing.T) {
	server := serve(t, 0)
	p := watch(t, 100, nil, nil, "batch", server.URL(faultserver.Silent, "/a"), server.URL(faultserver.Silent, "/b"), "--results", "r.ndjson")
	eventually(t, "a line", func() bool { return strings.Contains(p.output(), "2 active") })
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the line to say it", func() bool { return strings.Contains(p.output(), erasure+"stopping  0/2") })
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if lines, drawn := seen(t, p.end(t, 130)); len(lines) != 0 || len(drawn) == 0 {
		t.Errorf("lines %q, drawn %d times", lines, len(drawn))
	}

	p = watch(t, 100, nil, nil, "batch", server.URL(faultserver.Plain, "/slow/1500"), "--results", "r.ndjson")
	eventually(t, "a line", func() bool { return strings.Contains(p.output(), "1 active") })
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	lines, _ := seen(t, p.end(t, 130))
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "specify: 1 task: 1 ok") {
		t.Errorf("lines %q", lines)
	}
}

// Standard output on a pipe has nothing but the records.
func TestProgressLineBesidePipe(t *testing.T) {
	server := serve(t, 1)
	var stdout bytes.Buffer
	p := watch(t, 100, nil, func(c *exec.Cmd) { c.Stdout = &stdout; busyList(t, server, c.Dir) }, "batch", "--file", "list.txt", "--retry-delay", "10ms")
	if _, drawn := seen(t, p.end(t, 1)); len(drawn) < 3 {
		t.Errorf("drawn %q", drawn)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "r.ndjson"), stdout.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	readRecords(t, filepath.Join(p.Dir, "r.ndjson"), 120)
}

// Where nobody wants the line there is no control character at all.
func TestNoProgressLine(t *testing.T) {
	server := serve(t, 0)
	url := server.URL(faultserver.Plain, "/slow/700")
	for _, c := range []struct {
		name string
		env  []string
		args []string
	}{
		{"CI", []string{"CI=true"}, nil},
		{"dumb terminal", []string{"TERM=dumb"}, nil},
		{"flag", nil, []string{"--no-progress"}},
		{"variable", []string{"SPECIFY_NO_PROGRESS=true"}, nil},
		{"silent", nil, []string{"-s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := watch(t, 100, c.env, nil, append([]string{"batch", url, "--format", "none"}, c.args...)...)
			lines, drawn := seen(t, p.end(t, 0))
			if len(drawn) != 0 || strings.Contains(p.output(), "\x1b") {
				t.Errorf("drawn: %q", p.output())
			}
			if silent := c.name == "silent"; silent != (len(lines) == 0) {
				t.Errorf("lines: %q", lines)
			}
		})
	}
}

// A long download shows how far it is; a short one, and one to standard output,
// shows nothing.
func TestDownloadLine(t *testing.T) {
	server := serve(t, 0)
	p := watch(t, 100, nil, nil, "fetch", server.URL(faultserver.Plain, "/body-drip"), "-o", "body")
	lines, drawn := seen(t, p.end(t, 0))
	if len(lines) != 0 {
		t.Errorf("lines: %q", lines)
	}
	shape := regexp.MustCompile(`^body  \d+ B/50 B \(\d+%\)  \d+ B/s(  ETA 0:\d\d)?$`)
	if len(drawn) < 3 || !shape.MatchString(drawn[len(drawn)-1]) {
		t.Errorf("drawn: %q", drawn)
	}
	p = watch(t, 100, nil, nil, "fetch", server.URL(faultserver.Plain, "/ok"), "-o", "body")
	if p.end(t, 0) != "" {
		t.Errorf("a short download writes %q", p.output())
	}
}
