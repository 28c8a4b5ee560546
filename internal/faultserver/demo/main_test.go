package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childVar makes the test binary the command that demo runs: its value is the
// exit code, or "sleep".
const childVar = "DEMO_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode, ok := os.LookupEnv(childVar); ok {
		os.Exit(child(mode, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// child repeats its arguments and stdin, and asks for the first URL of each
// section of the list.
func child(mode string, args []string) int {
	if mode == "sleep" {
		fmt.Println("ready")
		time.Sleep(time.Minute)
		return 0
	}
	in, _ := io.ReadAll(os.Stdin)
	fmt.Printf("args %q stdin %q\n", args[1:], in)
	list, err := os.ReadFile(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("urls", strings.Count(string(list), "http://"))
	for section := range strings.SplitSeq(strings.TrimPrefix(string(list), "# "), "\n# ") {
		name, rest, _ := strings.Cut(section, ":")
		url := strings.Split(rest, "\n")[1]
		res, err := http.Get(url)
		if err != nil {
			fmt.Println(name, "fails")
			continue
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		fmt.Println(name, res.StatusCode, err)
	}
	code, err := strconv.Atoi(mode)
	if err != nil {
		return 1
	}
	return code
}

func TestCommandSeesTheListAndItsCodeComesBack(t *testing.T) {
	t.Setenv(childVar, "7")
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var out, errs bytes.Buffer
	code := run(t.Context(), nil, []string{"--", os.Args[0], "{urls}", "--results={dir}/x", "plain"}, stdio{strings.NewReader("typed"), &out, &errs})
	if code != 7 || errs.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", code, errs.String())
	}
	want := `^args \["--results=` + regexp.QuoteMeta(tmp) + `/demo-\d+/x" "plain"\] stdin "typed"
urls 60
good 200 <nil>
slow 200 <nil>
flaky 503 <nil>
throttled 429 <nil>
broken 200 unexpected EOF
dead fails
$`
	if !regexp.MustCompile(want).MatchString(out.String()) {
		t.Errorf("stdout:\n%s", out.String())
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestExitCodesOfCommandsThatDoNotRun(t *testing.T) {
	file := t.TempDir() + "/not-executable"
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		code int
	}{
		{nil, 2},
		{[]string{"-nonsense"}, 2},
		{[]string{"-h"}, 0},
		{[]string{"--", "no-such-command-anywhere"}, 127},
		{[]string{"--", "/no/such/command"}, 127},
		{[]string{"--", file}, 126},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), nil, tt.args, stdio{nil, &out, &errs}); code != tt.code || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want %d", tt.args, code, out.String(), errs.String(), tt.code)
		}
	}
}

func TestTerminationReachesTheCommand(t *testing.T) {
	t.Setenv(childVar, "sleep")
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int)
	go func() { code <- run(ctx, nil, []string{"--", os.Args[0]}, stdio{nil, w, io.Discard}) }() // ends with the receive below
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != "ready\n" {
		t.Errorf("%q, %v", line, err)
	}
	cancel()
	if got := <-code; got != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d", got)
	}
}

func TestServePrintsAddressesUntilInterrupted(t *testing.T) {
	interrupts := make(chan os.Signal, 1)
	r, w := io.Pipe()
	code := make(chan int)
	go func() { // ends with the receive below
		code <- run(t.Context(), interrupts, []string{"-serve"}, stdio{nil, w, io.Discard})
		w.Close()
	}()
	var names []string
	lines := bufio.NewScanner(r)
	for len(names) == 0 || names[len(names)-1] != "authority" {
		if !lines.Scan() {
			t.Fatalf("ended after %q: %v", names, lines.Err())
		}
		fields := strings.Fields(lines.Text())
		names = append(names, fields[0])
		if fields[0] == "counts" {
			res, err := http.Get(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			if res.Body.Close(); res.StatusCode != 200 {
				t.Errorf("%s: %s", fields[1], res.Status)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
	for _, name := range []string{"plain", "tls", "h2", "origin1", "origin5", "refused"} {
		if !slices.Contains(names, name) {
			t.Errorf("no address of %s in %q", name, names)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }() // what is left of the last write; ends with the pipe
	interrupts <- os.Interrupt
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

func TestListNamesEveryBehaviour(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), nil, []string{"-list"}, stdio{nil, &out, io.Discard}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"/cl-short", "short_body", "tls-expired", "/h2-goaway", "RFC 9112 §8"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
