package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// serve answers 200 bytes to everything, prints its address, and ends with its
// standard input.
func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	body := []byte(strings.Repeat("x", 200))
	go func() { // ends with the process
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	}()
	fmt.Println("http://" + l.Addr().String())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

// startServer starts this program as the server.
func startServer() (url string, stop func(), err error) {
	cmd := exec.Command(os.Args[0], "-serve")
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		in.Close()
		_ = cmd.Wait() // it has nothing to tell
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start the server: %w", err)
	}
	return strings.TrimSpace(url), stop, nil
}

// urls is a list of n URLs.
func urls(base string, n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "%s/%d\n", base, i)
	}
	return b
}
