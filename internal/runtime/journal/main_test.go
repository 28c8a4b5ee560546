package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv makes the test binary play another process: see helper.
const helperEnv = "JOURNAL_TEST_HELPER"

func TestMain(m *testing.M) {
	if role := os.Getenv(helperEnv); role != "" {
		os.Exit(helper(role, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

// asProcess returns the test binary in a role, with the results file to use.
func asProcess(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), helperEnv+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

func helper(role, path string) int {
	switch role {
	case "try": // says what Open answers
		j, err := Open(path, Options{Resume: true})
		fmt.Printf("%T\n", err)
		if err == nil {
			j.Close()
		}
	case "hold": // appends a record for every line on stdin, until its end
		j, err := Open(path, Options{Resume: true})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("open")
		in := bufio.NewScanner(os.Stdin)
		for i := 0; in.Scan(); i++ {
			if err := errors.Join(j.Append(record(i, 10)), j.Flush()); err != nil {
				fmt.Println(err)
				return 1
			}
			fmt.Println("written")
		}
		if err := j.Close(); err != nil {
			return 1
		}
	case "pour": // appends until it is killed, and prints what it has flushed
		next := int64(0)
		j, err := Open(path, Options{Resume: true, Each: func(e Entry) error { next = e.Seq + 1; return nil }})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		for ; ; next++ {
			if err := j.Append(record(int(next), 64<<10)); err != nil {
				return 1
			}
			if next%8 == 7 {
				if err := j.Flush(); err != nil {
					return 1
				}
				fmt.Println(next)
			}
		}
	case "stdout": // appends to a stdout that nobody reads
		signal.Ignore(syscall.SIGPIPE)
		j := NewStream(os.Stdout, "stdout")
		if err := j.Append(record(0, 10)); err != nil {
			return 1
		}
		<-j.Failed()
		if !errors.Is(j.Close(), syscall.EPIPE) {
			return 1
		}
		return 141
	}
	return 0
}
