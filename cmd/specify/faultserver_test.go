package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
)

// serveMain is a program: a faultserver with eight plain origins, which says as
// JSON where it listens and ends when its standard input does.
func serveMain() {
	server, err := faultserver.Start(faultserver.Config{Origins: 8, LogLimit: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	urls := make(map[string]string)
	for _, name := range server.Listeners() {
		urls[name] = server.URL(name, "")
	}
	_ = json.NewEncoder(os.Stdout).Encode(urls) // who does not get it ends us
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
}

// countedMain is the program, which writes its number of goroutines to a file every half
// second.
func countedMain() {
	counts, err := os.Create("goroutines")
	if err != nil {
		panic(err)
	}
	go func() { // ends with the process
		for {
			fmt.Fprintln(counts, runtime.NumGoroutine())
			time.Sleep(500 * time.Millisecond)
		}
	}()
	main()
}

// remote is a faultserver in a process of its own: one that can be stopped, and
// whose memory and descriptors are not ours.
type remote struct {
	*exec.Cmd
	urls map[string]string // of each listener
}

// serveApart starts one, which ends with the test.
func serveApart(t *testing.T) *remote {
	t.Helper()
	s := &remote{Cmd: exec.Command(os.Args[0])}
	s.Args[0] = "faultserver" // TestMain goes by it
	s.Env = []string{hasty}
	s.Stderr = os.Stderr
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := s.Wait(); err != nil {
			t.Errorf("faultserver: %v", err)
		}
	})
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&s.urls); err != nil {
		t.Fatalf("faultserver: %v", err)
	}
	return s
}

// ca returns the certificate of the server's authority.
func (s *remote) ca(t *testing.T) []byte {
	t.Helper()
	r, err := http.Get(s.urls[faultserver.Plain] + "/_ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	pem, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return pem
}

// requests returns how many the server has had.
func (s *remote) requests(t *testing.T) int {
	t.Helper()
	r, err := http.Get(s.urls[faultserver.Plain] + "/_stats")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var stats faultserver.Stats
	if err := json.NewDecoder(r.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	return stats.Requests
}

// unique gives a URL a query of its own.
func unique(url string, i int) string {
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return fmt.Sprintf("%s%sunique=%d", url, sep, i)
}
