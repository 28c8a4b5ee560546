package process

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// roleEnv makes the test binary play another program: see roles.
const roleEnv = "PROCESS_TEST_ROLE"

// roles are the programs that sh cannot play. Each gets os.Args[1:] and
// returns its exit status. Other test files add to it.
var roles = map[string]func(args []string) int{
	// argv prints its arguments, each ended by NUL.
	"argv": func(args []string) int {
		for _, arg := range args {
			fmt.Printf("%s\x00", arg)
		}
		return 0
	},
	// env prints its environment, each entry ended by NUL.
	"env": func([]string) int {
		fmt.Print(strings.Join(os.Environ(), "\x00"))
		return 0
	},
}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleEnv)]; role != nil {
		os.Exit(role(os.Args[1:]))
	}
	if signal.Ignored(syscall.SIGHUP) {
		// Under nohup: children inherit what is ignored, and not what is caught, so
		// that those of the tests end by a SIGHUP as they do elsewhere.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	goleak.VerifyTestMain(m)
}

// play returns a command that runs the test binary in a role.
func play(tb testing.TB, role string, args ...string) Command {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return Command{
		Argv: append([]string{self}, args...),
		Env:  append(os.Environ(), roleEnv+"="+role, "GORACE=atexit_sleep_ms=0"),
	}
}

// script returns a command that runs sh.
func script(text string, args ...string) Command {
	return Command{Argv: append([]string{"sh", "-c", text, "sh"}, args...)}
}

// output is a writer that a test reads while a command writes.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// program makes an executable, or not so executable, file.
func program(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}
