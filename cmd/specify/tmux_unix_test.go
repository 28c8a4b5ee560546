//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pane is a terminal as a person has it: tmux, which wraps lines anew when it is
// made narrower.
type pane struct {
	t      *testing.T
	socket string
}

// openPane runs a shell command on a pane with so many columns.
func openPane(t *testing.T, dir string, columns int, command string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux found: install the package tmux to test the progress line on a terminal that wraps")
	}
	p := &pane{t, filepath.Join(dir, "tmux")}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	p.tmux("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", "20", "-c", dir, command)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=screen", "CI=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// lines are what is on the screen and what was, wrapped lines being one.
func (p *pane) lines() []string {
	return strings.Split(strings.TrimRight(p.tmux("capture-pane", "-p", "-J", "-S", "-", "-E", "-"), "\n "), "\n")
}

// On a terminal that is made narrower and wider again nothing of the line is
// left behind, and Ctrl-C gives the terminal back as it was.
func TestProgressLineWrapped(t *testing.T) {
	server := serve(t, 1)
	dir := t.TempDir()
	writeLines(t, dir, 300, func(i int) string {
		if i == 0 {
			return server.URL("origin1", "/retry-after/429?v=9")
		}
		return server.URL("plain", fmt.Sprintf("/slow/100?%d", i))
	})
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "specify")); err != nil { // TestMain goes by the name
		t.Fatal(err)
	}
	// The screen is full, as it is where somebody works: of one that is not, tmux
	// moves the top into its history when lines wrap, the cursor's with it.
	p := openPane(t, dir, 110, "seq -f 'specify: %g' 30; GORACE=atexit_sleep_ms=0 ./specify batch --file list.txt --results r.ndjson -v; echo status $?; exec sleep 60")
	for _, columns := range []int{110, 60, 35, 20, 90} {
		p.tmux("resize-window", "-x", fmt.Sprint(columns), "-y", "20")
		time.Sleep(500 * time.Millisecond)
		line := regexp.MustCompile(`^\d+/300 \(\d+%\)`)
		drawn := 0
		lines := p.lines()
		for i, text := range lines {
			if line.MatchString(text) {
				drawn++
			} else if !strings.HasPrefix(text, "specify: ") {
				t.Errorf("%d columns: torn: line %d of\n%s", columns, i+1, strings.Join(lines, "\n"))
			}
		}
		if last := lines[len(lines)-1]; drawn != 1 || !line.MatchString(last) || len(last) >= columns {
			t.Fatalf("%d columns: %d progress lines, the last line is %q in\n%s", columns, drawn, last, strings.Join(lines, "\n"))
		}
	}
	p.tmux("send-keys", "C-c")
	eventually(t, "the end", func() bool { return strings.Contains(p.tmux("capture-pane", "-p"), "status 130") })
	lines := p.lines()
	for i, text := range lines {
		if last := i == len(lines)-1; !strings.HasPrefix(text, "specify: ") && !(last && text == "status 130") {
			t.Errorf("line %d of\n%s", i+1, strings.Join(lines, "\n"))
		}
	}
	if state := p.tmux("display", "-p", "#{cursor_x} #{cursor_flag}"); strings.TrimSpace(state) != "0 1" {
		t.Errorf("cursor: column and visibility are %q", state)
	}
}
