package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/specify-cli/specify/internal/faultserver"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of scripts")

// hasty keeps the race detector from sleeping a second at the end of each of
// the programs that tests start, which are well over a thousand.
const hasty = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	name, value, _ := strings.Cut(hasty, "=")
	if err := os.Setenv(name, value); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"specify": main, "specify-with-a-bug": buggyMain, "faultserver": serveMain, "specify-counted": countedMain, "nats-server": natsMain})
}

// TestScripts runs testdata/script/*.txtar: the real main against real servers
// on the loopback interface. A script finds the base URL of each listener of
// its own faultserver in a variable: $plain, $origin1, $silent, $refused, $tls
// and so on (- becomes _).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			server, err := faultserver.Start(faultserver.Config{Origins: 4})
			if err != nil {
				return err
			}
			env.Defer(server.Close)
			for _, listener := range server.Listeners() {
				name := strings.ReplaceAll(listener, "-", "_")
				base := strings.TrimSuffix(server.URL(listener, "/"), "/")
				env.Setenv(name, base)
				_, host, _ := strings.Cut(base, "://")
				env.Setenv(name+"_host", host)
			}
			env.Setenv("NL", "\n")
			env.Vars = append(env.Vars, hasty)
			env.Values[serverKey{}] = server
			return os.WriteFile(filepath.Join(env.WorkDir, "ca.pem"), server.CAPEM(), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   exitStatus,
			"requests": requests,
			"subst":    substitute,
			"records":  records,
		},
	})
}

type serverKey struct{}

// exitStatus runs a program and checks its exit status:
// status 3 specify fetch $refused/x
func exitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM [ARG]...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// requests checks how many requests a path has got:
// requests /flaky/1/a 2
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests PATH COUNT")
	}
	server := ts.Value(serverKey{}).(*faultserver.Server)
	if got := server.Count(args[0]); fmt.Sprint(got) != args[1] {
		ts.Fatalf("%s got %d requests, want %s", args[0], got, args[1])
	}
}

// substitute replaces $NAME in files by the script's variables.
func substitute(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: subst FILE...")
	}
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
