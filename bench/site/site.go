package site

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/specify-cli/specify/bench/proc"
)

// Config says what is to be served.
type Config struct {
	Dir   string // a folder of the site's own, which others may read
	Small int    // bytes of a small body
	Big   int64  // bytes of the long one
	Core  int    // of the server, one of proc.Cores or proc.Any
}

// Site is a running server. It serves until Close.
type Site struct {
	Addresses
	process *exec.Cmd
	hold    io.Closer // the server ends when this is closed, so it never outlives us
}

// Addresses is where a site is.
type Addresses struct {
	Server string // the program behind Plain and TLS, with its version
	Plain  int    // ports
	TLS    int    // HTTP/1.1
	HTTP2  int    // over TLS, of the one host
	Slow   int
	CA     string // file with the one certificate that signed all of theirs
	NoCAs  string // an empty folder, for those that would read more certificates
	BigSum string // the SHA-256 of the long body, in hex
	Big    string // the file that holds it
}

// Middling are the sizes in KiB of the bodies between the small and the long one, at
// /kib/SIZE/ and below.
var Middling = []int{10, 1024}

// TLSHosts is how many hosts have a certificate: Host(0, ...) up to it.
const TLSHosts = 250

// Host is the i-th host: 127.0.0.1 if there is only one, else an address of its own.
func Host(i, hosts int) string {
	if hosts <= 1 {
		return "127.0.0.1"
	}
	i %= hosts
	return fmt.Sprintf("127.%d.%d.%d", 1+i/(250*250), i/250%250, 1+i%250)
}

// command is the hidden argument that makes a program the server.
const command = "serve-the-site"

// Start starts the server: this very program, whose main has called Serve.
func Start(c Config) (*Site, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, command, string(config))
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := proc.Start(cmd, c.Core); err != nil {
		return nil, err
	}
	s := &Site{process: cmd, hold: hold}
	if err := json.NewDecoder(out).Decode(&s.Addresses); err != nil {
		s.Close()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return s, nil
}

// Close ends the server and waits for it.
func (s *Site) Close() error {
	s.hold.Close()
	return s.process.Wait()
}
