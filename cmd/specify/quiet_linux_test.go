package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// With nothing configured nothing is looked up and nobody is connected to but
// whom the URL names.
func TestNothingConfigured(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	strace, err := exec.LookPath("strace")
	if err != nil || exec.Command(strace, "-o", os.DevNull, "true").Run() != nil {
		nobodyAtTheDefaultPort(t, server.URL)
		return
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	program := filepath.Join(dir, "specify") // TestMain goes by the name, which strace cannot set otherwise
	if err := os.Symlink(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=%network,openat", "-o", log, program, "fetch", server.URL)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours := "sin_port=htons(" + port + ")"
	connects := regexp.MustCompile(`(?m)^.*\b(?:connect|sendto|sendmsg)\(.*$`).FindAllString(string(calls), -1)
	reached := 0
	for _, call := range connects {
		switch {
		case strings.Contains(call, "connect(") && strings.Contains(call, ours):
			reached++
		default:
			t.Errorf("not for the URL: %s", call)
		}
	}
	if reached != 1 {
		t.Errorf("%d connections for the URL, want 1", reached)
	}
	for _, file := range []string{"resolv.conf", "nsswitch.conf", "/etc/hosts"} {
		if strings.Contains(string(calls), file) {
			t.Errorf("%s was opened: something was looked up", file)
		}
	}
	t.Logf("%d connection, no look-up, in %d system calls", reached, strings.Count(string(calls), "\n"))
}

// nobodyAtTheDefaultPort shows as much as can be seen without strace: the place
// where exporters send to when nothing is configured hears nothing.
func nobodyAtTheDefaultPort(t *testing.T, url string) {
	l, err := net.Listen("tcp", "localhost:4318")
	if err != nil {
		t.Skipf("neither strace nor the collector's port can be had: %v", err)
	}
	heard := make(chan struct{})
	go func() { // ends with the listener
		defer close(heard)
		if c, err := l.Accept(); err == nil {
			c.Close()
			t.Error("a connection to localhost:4318")
		}
	}()
	stderr, status := specify(t, nil, "fetch", url)
	l.Close()
	<-heard
	if status != 0 || stderr != "" {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}
