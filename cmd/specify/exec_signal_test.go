//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started is the program in a process of its own, whose command has told its
// pid.
type started struct {
	*exec.Cmd
	child int
	out   *bufio.Reader // what the command writes to $PIDS
}

func startSpecify(t *testing.T, args ...string) *started {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Args[0] = "specify" // TestMain goes by it
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PIDS=" + filepath.Join(cmd.Dir, "pids"), hasty}
	if err := syscall.Mkfifo(filepath.Join(cmd.Dir, "pids"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })                               // for a test that has failed before Wait
	pids, err := os.OpenFile(filepath.Join(cmd.Dir, "pids"), os.O_RDWR, 0) // a writer too: no end between two lines
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pids.Close() })
	if err := pids.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	s := &started{Cmd: cmd, out: bufio.NewReader(pids)}
	line, err := s.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if s.child, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *started) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// end waits for the program and returns its exit status and how long it took.
func (s *started) end() (status int, took time.Duration) {
	began := time.Now()
	_ = s.Wait() // the status tells
	return s.ProcessState.ExitCode(), time.Since(began)
}

// gone reports whether a process has ended, within a second. An orphan may stay
// a zombie: not every container's process 1 reaps them.
func gone(pid int) bool {
	for range 20 {
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
		if err != nil || strings.HasPrefix(strings.TrimSpace(string(state)), "Z") {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// What to make of a signal is up to the command of an exec, and how it ends is
// how specify ends.
func TestExecSignals(t *testing.T) {
	tests := []struct {
		name, script string
		want         int
	}{
		{"dies of it", `echo $$ > $PIDS; exec sleep 60`, 143},
		{"ends well", `trap 'exit 0' TERM; echo $$ > $PIDS; while :; do sleep 0.05; done`, 0},
		{"ends in its own way", `trap 'exit 7' TERM; echo $$ > $PIDS; while :; do sleep 0.05; done`, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSpecify(t, "exec", "--", "sh", "-c", tt.script)
			s.signal(t, syscall.SIGTERM)
			if status, took := s.end(); status != tt.want || took > 5*time.Second {
				t.Errorf("exit status %d after %v, want %d", status, took, tt.want)
			}
			if !gone(s.child) {
				t.Error("the command is left")
			}
		})
	}
}

// stubborn takes no notice of signals, nor does its child, which is the one
// that tells its pid: on Linux a command itself dies with us in any case.
const stubborn = `trap "" TERM INT; sh -c 'echo $$ > $PIDS; exec sleep 60' & wait`

// The first signal reaches a command at once; one that takes no notice is
// killed after the grace. The second signal kills it at once.
func TestBatchSignals(t *testing.T) {
	start := func(t *testing.T, script string) *started {
		list := filepath.Join(t.TempDir(), "list")
		line := `{"exec":["sh","-c",` + strconv.Quote(script) + `]}` + "\n"
		if err := os.WriteFile(list, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		return startSpecify(t, "batch", "-s", "--allow-exec", "--format", "none", "--file", list)
	}
	t.Run("first", func(t *testing.T) {
		s := start(t, `trap "echo told > $PIDS; exit 0" INT; echo $$ > $PIDS; while :; do sleep 0.05; done`)
		s.signal(t, syscall.SIGINT)
		if told, err := s.out.ReadString('\n'); told != "told\n" {
			t.Errorf("the command has written %q, %v", told, err)
		}
		if status, took := s.end(); status != 130 || took > 4*time.Second {
			t.Errorf("exit status %d after %v", status, took)
		}
	})
	t.Run("grace", func(t *testing.T) {
		if testing.Short() {
			t.Skip("the grace is five seconds")
		}
		s := start(t, stubborn)
		s.signal(t, syscall.SIGTERM)
		if status, took := s.end(); status != 143 || took < 4*time.Second || took > 8*time.Second {
			t.Errorf("exit status %d after %v", status, took)
		}
		if !gone(s.child) {
			t.Error("its child is left")
		}
	})
	t.Run("second", func(t *testing.T) {
		s := start(t, stubborn)
		s.signal(t, syscall.SIGTERM)
		time.Sleep(2 * echo) // else it is taken for the same signal
		s.signal(t, syscall.SIGTERM)
		if status, took := s.end(); status != 143 || took > 3*time.Second {
			t.Errorf("exit status %d after %v", status, took)
		}
		if !gone(s.child) {
			t.Error("its child is left")
		}
	})
}
