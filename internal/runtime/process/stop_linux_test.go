package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	// stubborn waits for long, and ignores what can be ignored.
	roles["stubborn"] = func([]string) int {
		signal.Ignore(forwarded...)
		fmt.Println("ready")
		time.Sleep(time.Hour)
		return 0
	}
	// run runs a command in the background.
	roles["run"] = func(args []string) int {
		c := Command{Argv: args, Stdout: os.Stdout}
		c.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, roleEnv+"=") })
		_, err := Run(context.Background(), c)
		return Status(err)
	}
	// leave starts a command that goes its own way: "group" or "session", then
	// argv. It waits for it, stubbornly, unless "exit" stands in front.
	roles["leave"] = func(args []string) int {
		exit := args[0] == "exit"
		if exit {
			args = args[1:]
		}
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Env = append(os.Environ(), roleEnv+"=")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: args[0] == "group", Setsid: args[0] == "session"}
		if err := cmd.Start(); err != nil {
			return 1
		}
		if !exit {
			signal.Ignore(forwarded...)
			cmd.Wait()
			time.Sleep(time.Hour)
		}
		fmt.Println("done")
		return 0
	}
	// fds prints the numbers of its descriptors but that of the listing.
	roles["fds"] = func([]string) int {
		names, _ := readNames("/proc/self/fd")
		for _, name := range names {
			if target, err := os.Readlink("/proc/self/fd/" + name); err == nil && !strings.HasPrefix(target, "anon_inode:") {
				fmt.Printf("%s:%s\n", name, target)
			}
		}
		return 0
	}
}

// nap returns the argument of a sleep that no other process has, to find its
// processes by.
func nap(t *testing.T) string {
	return fmt.Sprintf("%d.%d", 1000+os.Getpid(), time.Now().UnixNano())
}

// marked returns the processes, zombies apart, whose command line holds mark.
func marked(mark string) (found []process) {
	for _, p := range processes() {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/cmdline")
		if !p.dead && bytes.Contains(line, []byte(mark)) {
			found = append(found, p)
		}
	}
	return found
}

// checkGone fails if processes with mark are alive a little later than now:
// a process that SIGKILL has been sent to needs a moment.
func checkGone(t *testing.T, mark string) {
	t.Helper()
	var left []process
	for range 100 {
		if left = marked(mark); left == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("left behind: %+v", left)
	for _, p := range left {
		p.signal(syscall.SIGKILL)
	}
}

// checkNoZombies fails if we have children.
func checkNoZombies(t *testing.T) {
	t.Helper()
	for _, p := range processes() {
		if p.parent == os.Getpid() {
			t.Errorf("child left: %+v", p)
		}
	}
}

// Whatever a command does, it is gone within a second of its limit, and all
// that it started with it.
func TestLimit(t *testing.T) {
	const limit = 300 * time.Millisecond
	stubborn := `trap "" TERM; sleep NAP; :`
	commands := map[string]Command{
		"obeys":                       script(`exec sleep NAP`),
		"ignores SIGTERM":             script(`trap "" TERM; while :; do sleep NAP; done`),
		"is stopped":                  script(`kill -STOP $$; sleep NAP`),
		"descendant ignores SIGTERM":  script(`(trap "" TERM; sleep NAP); :`),
		"writes for ever":             script(`trap "" TERM; while :; do echo NAP NAP NAP; echo NAP >&2; done`),
		"forks for ever":              script(`trap "" TERM; while :; do sleep NAP & sleep 0.01; done`),
		"holds in another group":      play(t, "leave", "group", "sh", "-c", stubborn),
		"left in another group":       play(t, "leave", "exit", "group", "sh", "-c", "echo left; "+stubborn),
		"holds in another session":    play(t, "leave", "session", "sh", "-c", stubborn),
		"obeys, its session does not": script(`setsid sh -c "trap '' TERM; sleep NAP; :" & sleep NAP; :`),
		"sessions within sessions":    script(`trap "" TERM; setsid sh -c "setsid sleep NAP; :"; sleep NAP`),
	}
	// Left behind without a leader, so that there is one to be stopped.
	left := commands["left in another group"]
	left.Argv = append([]string{"sh", "-c", `trap "" TERM; "$@"; sleep NAP`, "sh"}, left.Argv...)
	commands["left in another group"] = left

	t.Run("of", func(t *testing.T) {
		for name, c := range commands {
			t.Run(name, func(t *testing.T) {
				if !strings.Contains(name, "for ever") { // those take all of a core
					t.Parallel()
				}
				mark := nap(t)
				for i, arg := range c.Argv {
					c.Argv[i] = strings.ReplaceAll(arg, "NAP", mark)
				}
				c.Limit = limit
				c.Stdout = io.Discard
				started := time.Now()
				res, err := Run(t.Context(), c)
				took := time.Since(started)
				if timeout, ok := errors.AsType[*TimeoutError](err); !ok || timeout.Limit != limit {
					t.Errorf("Run = %+v, %v; want *TimeoutError", res, err)
				}
				most := limit + time.Second
				if strings.Contains(name, "for ever") {
					most += time.Second // it competes with us for the processor
				}
				if took < limit || took > most {
					t.Errorf("took %v with a limit of %v", took, limit)
				}
				checkGone(t, mark)
			})
		}
	})
	checkNoZombies(t)
}

// A command that has ended is over, whoever holds its outputs; what it left
// in its session ends with it.
func TestDescendantHoldsOutput(t *testing.T) {
	commands := map[string]Command{
		"same group":      script(`sleep NAP & echo done`),
		"another group":   play(t, "leave", "exit", "group", "sleep", "NAP"),
		"ignores signals": script(`(trap "" TERM HUP INT; sleep NAP) & echo done`),
		"writes":          script(`sh -c "while :; do echo NAP; done" >&2 & echo done`),
		"nothing held":    script(`sleep NAP >/dev/null 2>&1 & echo done`),
	}
	t.Run("of", func(t *testing.T) {
		for name, c := range commands {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				mark := nap(t)
				for i, arg := range c.Argv {
					c.Argv[i] = strings.ReplaceAll(arg, "NAP", mark)
				}
				stdout := &output{}
				c.Stdout = stdout
				started := time.Now()
				res, err := Run(t.Context(), c)
				took := time.Since(started)
				if err != nil || stdout.String() != "done\n" || res.ExitCode != 0 {
					t.Errorf("Run = %+v, %v, stdout %q", res, err, stdout)
				}
				if holds := name != "nothing held"; took > linger+time.Second || holds != (took >= linger) {
					t.Errorf("took %v", took)
				}
				checkGone(t, mark)
			})
		}
	})
	checkNoZombies(t)
}

// The last words of a process substitution are not cut off.
func TestLateDescendantIsHeard(t *testing.T) {
	t.Parallel()
	stdout := &output{}
	c := script(`(sleep 0.2; echo late) & echo early`)
	c.Stdout = stdout
	if _, err := Run(t.Context(), c); err != nil || stdout.String() != "early\nlate\n" {
		t.Errorf("Run: %v, stdout %q", err, stdout)
	}
}

// The context's signal reaches the command, once, and what it does about it
// counts for nothing but the record.
func TestCancel(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signalName(sig), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stdout := &output{}
			c := play(t, "count")
			c.Stdout = writer(func(p []byte) (int, error) {
				cancel(interrupted(sig)) // it is ready
				return stdout.Write(p)
			})
			res, err := Run(ctx, c)
			if !errors.Is(err, interrupted(sig)) || Status(err) != 128+int(sig) {
				t.Errorf("Run = %v, want the cause", err)
			}
			if want := fmt.Sprintf("ready\ncounted map[%v:1]\n", sig); stdout.String() != want || res.ExitCode != 9 {
				t.Errorf("result %+v, stdout %q, want %q", res, stdout, want)
			}
		})
	}
}

// A stopped command is told to go on, or it would never see its signal.
func TestLimitOfStopped(t *testing.T) {
	t.Parallel()
	c := script(`trap 'echo got >&2; exit 7' TERM; kill -STOP $$; sleep 100`)
	c.Limit = 200 * time.Millisecond
	res, err := Run(t.Context(), c)
	if Status(err) != 124 || res.ExitCode != 7 || string(res.StderrTail) != "got\n" {
		t.Errorf("Run = %+v, %v; want what the trap does", res, err)
	}
}

func TestCancelStubborn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var at time.Time
	c := play(t, "stubborn")
	c.Stdout = writer(func(p []byte) (int, error) {
		at = time.Now()
		cancel()
		return len(p), nil
	})
	c.Grace = 200 * time.Millisecond
	res, err := Run(ctx, c)
	if !errors.Is(err, context.Canceled) || res.Signal != syscall.SIGKILL || res.SignalName() != "SIGKILL" || res.ExitCode != -1 {
		t.Errorf("Run = %+v, %v", res, err)
	}
	if took := time.Since(at); took < c.Grace || took > c.Grace+time.Second {
		t.Errorf("took %v with a grace of %v", took, c.Grace)
	}
	checkNoZombies(t)
}

// A program in the background that wants to ask on the terminal is told that
// there is none, instead of being stopped.
func TestNoTerminalInBackground(t *testing.T) {
	res, err := Run(t.Context(), script(`exec </dev/tty`))
	if Status(err) == 0 || !bytes.Contains(res.StderrTail, []byte("/dev/tty")) {
		t.Errorf("Run = %+v, %v; want that /dev/tty cannot be opened", res, err)
	}
	if res, _ := Run(t.Context(), script(`read -r line </proc/self/stat; echo "$line" >&2`)); !bytes.Contains(res.StderrTail, fmt.Appendf(nil, " %d %d 0 -1 ", res.Pid, res.Pid)) {
		t.Errorf("%q: want group and session %d and no terminal", res.StderrTail, res.Pid)
	}
}

// Children have descriptors 0 to 2 only, whatever we inherited or have open.
func TestDescriptors(t *testing.T) {
	inherited, err := os.Create(filepath.Join(t.TempDir(), "inherited"))
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A process that inherits two files, and runs one that lists its own.
	c := play(t, "run", "env", roleEnv+"=fds", self)
	outer := exec.Command(c.Argv[0], c.Argv[1:]...)
	outer.Env = c.Env
	outer.ExtraFiles = []*os.File{inherited, inherited}
	listing, err := outer.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, listing)
	}
	var numbers []string
	for line := range strings.Lines(string(listing)) {
		number, target, _ := strings.Cut(line, ":")
		if number > "2" && !strings.HasPrefix(target, "/proc/") && !strings.HasPrefix(target, "/sys/fs/cgroup") {
			numbers = append(numbers, line)
		}
	}
	if numbers != nil || !bytes.Contains(listing, []byte("0:/dev/null")) {
		t.Errorf("the child has\n%s", listing)
	}
}

// When we are killed, our child dies, though we had no chance to do anything.
func TestDieWithUs(t *testing.T) {
	outer := play(t, "run", "sh", "-c", `echo $$; trap "" TERM HUP INT; while :; do sleep 0.1; done`)
	cmd := exec.Command(outer.Argv[0], outer.Argv[1:]...)
	cmd.Env = outer.Env
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	before, ok := lookUp(pid)
	if !ok || before.parent != cmd.Process.Pid {
		t.Fatalf("%+v is no child of %d", before, cmd.Process.Pid)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for range 200 {
		if p, ok := lookUp(pid); !ok || p.dead || p.start != before.start {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%+v outlived us", before)
	before.signal(syscall.SIGKILL)
}

// A child lives as long as it likes though threads come and go: PDEATHSIG is
// tied to the thread that created it.
func TestThreadsMayEnd(t *testing.T) {
	stop := make(chan struct{})
	churned := make(chan struct{})
	go func() { // ends every thread that is free to take a goroutine; the test waits for churned
		defer close(churned)
		for {
			select {
			case <-stop:
				return
			default:
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				runtime.LockOSThread() // and never unlocked: the thread ends with us
			}()
			<-ended
		}
	}()
	results := make(chan error)
	for range 20 {
		go func() {
			_, err := Run(context.Background(), script(`sleep 0.2; exit 0`))
			results <- err
		}()
	}
	for range 20 {
		if err := <-results; err != nil {
			t.Errorf("Run = %v: the end of a thread killed it", err)
		}
	}
	close(stop)
	<-churned
}

func TestKillAll(t *testing.T) {
	mark := nap(t)
	results := make(chan error)
	ready := make(chan struct{}, 10)
	for range 10 {
		go func() {
			c := script(strings.ReplaceAll(`trap "" TERM; echo ready; sleep NAP & sleep NAP`, "NAP", mark))
			c.Stdout = writer(func(p []byte) (int, error) { ready <- struct{}{}; return len(p), nil })
			_, err := Run(context.Background(), c)
			results <- err
		}()
	}
	for range 10 {
		<-ready
	}
	KillAll()
	for range 10 {
		if err := <-results; Status(err) != 128+int(syscall.SIGKILL) {
			t.Errorf("Run = %v, want killed by SIGKILL", err)
		}
	}
	checkGone(t, mark)
	if len(running.groups) != 0 {
		t.Errorf("%d groups still listed", len(running.groups))
	}
	KillAll() // of none
}
