package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limitEnv is the limit of the exec role.
const limitEnv = "PROCESS_TEST_LIMIT"

func init() {
	// exec runs a command in the foreground, as "specify exec" does.
	roles["exec"] = func(args []string) int {
		c := Command{Argv: args, Foreground: true, Grace: 300 * time.Millisecond}
		c.Limit, _ = time.ParseDuration(os.Getenv(limitEnv))
		_, err := Run(context.Background(), c)
		return Status(err)
	}
	// count says how often it got each signal, some time after the first.
	roles["count"] = func([]string) int {
		c := make(chan os.Signal, 100)
		signal.Notify(c, forwarded...)
		fmt.Println("ready")
		got := map[os.Signal]int{<-c: 1}
		for enough := time.After(300 * time.Millisecond); ; {
			select {
			case sig := <-c:
				got[sig]++
			case <-enough:
				fmt.Println("counted", got)
				return 9
			}
		}
	}
	// shell runs a job in the terminal's foreground and, when it stops, says
	// in which state its processes are and goes on with it.
	roles["shell"] = func(args []string) int {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true}
		cmd.Env = append(os.Environ(), roleEnv+"=exec")
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
		var status syscall.WaitStatus
		for {
			if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
				fmt.Println(err)
				return 1
			}
			if !status.Stopped() {
				fmt.Println("job ended with", status.ExitStatus())
				return 0
			}
			fmt.Println("states", states(cmd.Process.Pid))
			syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
		}
	}
	// grab takes the terminal for a group of its own and is killed there.
	roles["grab"] = func([]string) int {
		signal.Ignore(syscall.SIGTTOU)
		if err := syscall.Setpgid(0, 0); err != nil {
			return 1
		}
		if err := unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, os.Getpid()); err != nil {
			return 2
		}
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		return 3
	}
}

// states returns the states of a process and its children, each a letter as
// in proc(5): once all are stopped, or after a second what they are then.
func states(pid int) (letters string) {
	for range 100 {
		letters = ""
		for _, p := range processes() {
			if p.pid == pid || p.parent == pid {
				stat, _ := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/stat")
				_, rest, _ := strings.Cut(string(stat), ") ")
				letters += rest[:1]
			}
		}
		if strings.Trim(letters, "T") == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return letters
}

// console is a process on a terminal of its own.
type console struct {
	*exec.Cmd
	keys *os.File
	seen *output
	done chan struct{} // closed when everything has been read
}

// onTerminal starts c as the leader of a session with a terminal.
func onTerminal(t *testing.T, c Command) *console {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	var number int
	conn, err := keys.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	con := &console{Cmd: cmd, keys: keys, seen: &output{}, done: make(chan struct{})}
	go func() { // ends with the terminal; finish waits for it
		defer close(con.done)
		io.Copy(con.seen, keys)
	}()
	t.Cleanup(func() { reapAfterFailure(cmd) })
	return con
}

// reapAfterFailure ends what a failed test did not wait for.
func reapAfterFailure(cmd *exec.Cmd) {
	if cmd.Process != nil && cmd.ProcessState == nil {
		cmd.Process.Kill()
		cmd.Wait() // reports the kill
	}
}

// expect waits for text on the screen.
func (c *console) expect(t *testing.T, text string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(c.seen.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q on the screen, but\n%s", text, c.seen)
}

func (c *console) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		t.Fatal(err)
	}
}

// finish waits for the process and returns its status.
func (c *console) finish() int {
	c.Wait()
	<-c.done
	return c.ProcessState.ExitCode()
}

// inShell returns a command that runs a script in which "$@" is specify exec
// of the command in argv.
func inShell(t *testing.T, text string, argv ...string) Command {
	c := play(t, "exec", argv...)
	c.Argv = append([]string{"sh", "-c", text, "sh"}, c.Argv...)
	return c
}

func TestForegroundTerminal(t *testing.T) {
	t.Parallel()
	con := onTerminal(t, play(t, "exec", "sh", "-c", `test -t 0 && test -t 1 && test -t 2 && echo terminal; read -r line; echo "got $line"; exit 5`))
	con.expect(t, "terminal")
	con.press(t, "words\n")
	if status := con.finish(); status != 5 {
		t.Errorf("status %d, want 5", status)
	}
	con.expect(t, "got words")
}

// A key that sends a signal sends one; so does kill(1) of us.
func TestForegroundSignalOnce(t *testing.T) {
	for name, test := range map[string]struct {
		key  string
		sig  syscall.Signal
		want string
	}{
		"Ctrl-C":       {key: "\x03", want: "map[interrupt:1]"},
		"Ctrl-\\":      {key: "\x1c", want: "map[quit:1]"},
		"kill SIGTERM": {sig: syscall.SIGTERM, want: "map[terminated:1]"},
		"kill SIGHUP":  {sig: syscall.SIGHUP, want: "map[hangup:1]"},
		"kill SIGUSR1": {sig: syscall.SIGUSR1, want: "map[user defined signal 1:1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			self := play(t, "count")
			con := onTerminal(t, play(t, "exec", "env", roleEnv+"=count", self.Argv[0]))
			con.expect(t, "ready")
			if test.key != "" {
				con.press(t, test.key)
			} else {
				con.Process.Signal(test.sig)
			}
			if status := con.finish(); status != 9 {
				t.Errorf("status %d, want the command's 9", status)
			}
			con.expect(t, "counted "+test.want)
		})
	}
}

// A command that a signal from the terminal ends is reported as such.
func TestForegroundInterrupted(t *testing.T) {
	t.Parallel()
	con := onTerminal(t, play(t, "exec", "sh", "-c", `echo ready; exec sleep 100`))
	con.expect(t, "ready")
	con.press(t, "\x03")
	if status := con.finish(); status != 130 {
		t.Errorf("status %d, want 130", status)
	}
}

// When the terminal goes away the command hears of it once, and we follow it.
func TestForegroundHangup(t *testing.T) {
	t.Parallel()
	log := t.TempDir() + "/log"
	text := `trap 'echo hangup >>"$0"' HUP; echo ready; i=0; while [ $i -lt 10 ]; do sleep 0.05; i=$((i + 1)); done; echo end >>"$0"`
	con := onTerminal(t, play(t, "shell", play(t, "exec").Argv[0], "sh", "-c", text, log))
	con.expect(t, "ready")
	con.keys.Close()
	con.finish()
	var noted []byte
	for range 1000 {
		if noted, _ = os.ReadFile(log); strings.HasSuffix(string(noted), "end\n") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if string(noted) != "hangup\nend\n" {
		t.Errorf("the command noted %q, want one hangup", noted)
	}
}

// Ctrl-Z stops the command and us, and it goes on where it was.
func TestForegroundStopAndContinue(t *testing.T) {
	t.Parallel()
	con := onTerminal(t, play(t, "shell", play(t, "exec").Argv[0], "sh", "-c", `echo ready; read -r line; echo "got $line"; exit 5`))
	con.expect(t, "ready")
	con.press(t, "\x1a")
	con.expect(t, "states TT")
	con.press(t, "words\n")
	con.expect(t, "got words")
	con.expect(t, "job ended with 5")
	con.finish()
}

// Others in our pipeline keep the terminal.
func TestForegroundPipeline(t *testing.T) {
	t.Parallel()
	con := onTerminal(t, inShell(t, `"$@" | sh -c 'read -r line </dev/tty; echo "got $line"; cat'; echo end`, "sh", "-c", `echo piped; sleep 0.5`))
	time.Sleep(100 * time.Millisecond)
	con.press(t, "words\n")
	con.expect(t, "got words")
	con.expect(t, "piped")
	con.expect(t, "end")
	con.finish()
}

// The limit ends the command and its descendants, and nobody else in our
// group, which they share.
func TestForegroundLimit(t *testing.T) {
	t.Parallel()
	mark := nap(t)
	text := strings.ReplaceAll(`trap "echo term" TERM; sleep NAP & (trap "" TERM; sleep NAP; :) & while :; do sleep NAP; done`, "NAP", mark)
	c := inShell(t, `sleep 100 & "$@"; echo "status $?"; kill $! && echo bystander lived; read -r line; echo "got $line"`, "sh", "-c", text)
	c.Env = append(c.Env, limitEnv+"=300ms")
	con := onTerminal(t, c)
	con.expect(t, "term\r\n")
	con.expect(t, "status 124")
	con.expect(t, "bystander lived")
	con.press(t, "words\n")
	con.expect(t, "got words")
	con.finish()
	checkGone(t, mark)
}

// A command that took the terminal and was killed leaves it to us.
func TestForegroundReclaimsTerminal(t *testing.T) {
	t.Parallel()
	c := inShell(t, `"$@"; echo "status $?"; read -r line; echo "got $line"`, "env", roleEnv+"=grab", play(t, "grab").Argv[0])
	con := onTerminal(t, c)
	con.expect(t, "status 137")
	con.press(t, "words\n")
	con.expect(t, "got words")
	con.finish()
}

// withoutTerminal returns specify exec of argv in a session of its own.
func withoutTerminal(t *testing.T, argv ...string) (*exec.Cmd, *output) {
	c := play(t, "exec", argv...)
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	seen := &output{}
	cmd.Stdout, cmd.Stderr = seen, seen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	t.Cleanup(func() { reapAfterFailure(cmd) })
	return cmd, seen
}

func awaitText(t *testing.T, seen *output, text string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(seen.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q but %q", text, seen)
}

// Where there is no terminal, all that we get is forwarded, once, also when
// it is SIGINT.
func TestForegroundForwards(t *testing.T) {
	for _, sig := range forwarded {
		t.Run(signalName(sig.(syscall.Signal)), func(t *testing.T) {
			t.Parallel()
			cmd, seen := withoutTerminal(t, "env", roleEnv+"=count", play(t, "count").Argv[0])
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			awaitText(t, seen, "ready")
			cmd.Process.Signal(sig)
			cmd.Wait()
			if want := fmt.Sprintf("counted map[%v:1]", sig); cmd.ProcessState.ExitCode() != 9 || !strings.Contains(seen.String(), want) {
				t.Errorf("status %v, said %q, want %q", cmd.ProcessState, seen, want)
			}
		})
	}
}

// SIGTERM reaches the whole group, SIGUSR1 the command alone: it would end a
// descendant that does not know it.
func TestForegroundForwardsToGroup(t *testing.T) {
	t.Parallel()
	mark := nap(t)
	cmd, seen := withoutTerminal(t, "sh", "-c", strings.ReplaceAll(`trap 'echo usr1' USR1; trap 'echo term' TERM; sleep NAP & sleep NAP & echo ready; while ! wait; do :; done; wait; echo end`, "NAP", mark))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitText(t, seen, "ready")
	cmd.Process.Signal(syscall.SIGUSR1)
	awaitText(t, seen, "usr1")
	if left := marked(mark); len(left) != 4 { // us and the script, which name it, and two sleeps
		t.Errorf("after SIGUSR1: %+v, want 4 processes", left)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	awaitText(t, seen, "term")
	checkGone(t, mark)
}

// Those that left the group are remembered when the command that tells whose
// they are obeys and ends.
func TestForegroundLimitWithoutTerminal(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"obeys":    `setsid sh -c "trap '' TERM; sleep NAP; :" & sleep NAP; :`,
		"stubborn": `trap "" TERM; sh -c "sleep NAP &"; setsid sleep NAP & sleep NAP; sleep NAP`,
	} {
		t.Run(name, func(t *testing.T) {
			mark := nap(t)
			cmd, seen := withoutTerminal(t, "sh", "-c", strings.ReplaceAll(text, "NAP", mark))
			cmd.Env = append(cmd.Env, limitEnv+"=300ms")
			cmd.Run() // its status says it all
			if cmd.ProcessState.ExitCode() != 124 {
				t.Errorf("%v, want 124 (%q)", cmd.ProcessState, seen)
			}
			checkGone(t, mark)
		})
	}
}

// What we were told to ignore stays ignored, by the command too (nohup).
func TestForegroundNohup(t *testing.T) {
	t.Parallel()
	c := inShell(t, `trap "" HUP; exec "$@"`, "sh", "-c", `kill -HUP $PPID; kill -HUP $$; sleep 0.1; echo survived`)
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	if got, err := cmd.CombinedOutput(); err != nil || string(got) != "survived\n" {
		t.Errorf("%v, said %q", err, got)
	}
}

// In the foreground everything is handed on: stdin, descriptors, settings;
// and what the command leaves running is left.
func TestForegroundHandsOn(t *testing.T) {
	t.Parallel()
	mark := nap(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd, seen := withoutTerminal(t, "sh", "-c", `cat; echo "$SPECIFY_JOBS"; echo third >&3; sleep `+mark+` >/dev/null 2>&1 3>&- &`)
	cmd.Stdin = strings.NewReader("from stdin\n")
	cmd.Env = append(cmd.Env, "SPECIFY_JOBS=3")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, seen)
	}
	w.Close()
	third, err := io.ReadAll(r)
	if err != nil || string(third) != "third\n" || seen.String() != "from stdin\n3\n" {
		t.Errorf("descriptor 3 got %q, stdout %q, %v", third, seen, err)
	}
	left := marked(mark)
	if len(left) != 1 {
		t.Errorf("left running: %+v, want the sleep", left)
	}
	for _, p := range left {
		p.signal(syscall.SIGKILL)
	}
}
