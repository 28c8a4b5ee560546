package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
)

// withLibraries is what specify's way of a request takes with nothing of its own
// on it but the transport: go-retryablehttp over http.Client over that, and a
// line written for each URL.
func withLibraries(slots int, results string) (func() func(string) error, error) {
	out, err := os.Create(results)
	if err != nil {
		return nil, err
	}
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient = &http.Client{Transport: &direct.Transport{MaxIdlePerHost: slots}}
	line := append(bytes.Repeat([]byte("x"), 400), '\n') // about as long as a record
	return func() func(string) error {
		buf := make([]byte, 4<<10)
		return func(url string) error {
			resp, err := c.Get(url)
			if err := whole(resp, err, buf); err != nil {
				return err
			}
			_, err = out.Write(line)
			return err
		}
	}, nil
}

// withSockets is what Go's network takes, and hardly anything of HTTP: a request
// on a connection to its origin, and as many bytes back as its answer announces.
func withSockets(int, string) (func() func(string) error, error) {
	var idle sockets
	return func() func(string) error {
		in := bufio.NewReader(nil)
		return func(raw string) error {
			u, err := url.Parse(raw)
			if err != nil {
				return err
			}
			conn, err := idle.take(u.Host)
			if err != nil {
				return err
			}
			defer idle.put(u.Host, conn)
			in.Reset(conn)
			if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.Path, u.Host); err != nil {
				return err
			}
			return answered(in)
		}
	}, nil
}

// sockets are connections that nobody uses, by origin.
type sockets struct {
	mu sync.Mutex
	of map[string][]net.Conn
}

// take returns one, a new one where there is none.
func (s *sockets) take(host string) (net.Conn, error) {
	s.mu.Lock()
	idle := s.of[host]
	if n := len(idle); n > 0 {
		s.of[host] = idle[:n-1]
		s.mu.Unlock()
		return idle[n-1], nil
	}
	s.mu.Unlock()
	return net.Dial("tcp", host)
}

func (s *sockets) put(host string, c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[string][]net.Conn)
	}
	s.of[host] = append(s.of[host], c)
}

// answered reads an answer with a Content-Length, which must be a 200.
func answered(in *bufio.Reader) error {
	if _, err := in.Peek(1); err != nil {
		return err
	}
	here, err := in.Peek(in.Buffered())
	if err != nil {
		return err
	}
	header, _, ok := strings.Cut(string(here), "\r\n\r\n")
	_, length, sized := strings.Cut(header, "Content-Length: ")
	var n int
	if _, err := fmt.Sscan(length, &n); err != nil || !ok || !sized || !strings.HasPrefix(header, "HTTP/1.1 200 ") {
		return fmt.Errorf("an answer that is not a plain one: %q", header)
	}
	_, err = in.Discard(len(header) + 4 + n)
	return err
}

// copied copies the file of the long body, with no network: what is left of a
// download when it costs nothing.
var copied = client{tool: "cp", args: func(j job) []string {
	return []string{"cp", "--sparse=never", "--reflink=never", j.bigFile, j.output()}
}}

// linked is a program that has specify's libraries in it, and fetches a URL with
// net/http.
var linked = client{args: func(j job) []string { return []string{j.linked, j.url} }}

func barely(way string) client {
	return client{args: func(j job) []string {
		return []string{j.self, bareCommand, way, j.list, fmt.Sprint(j.inFlight), filepath.Join(j.outputs, "lines")}
	}}
}
