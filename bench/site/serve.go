package site

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Serve makes the process the server if Start has started it, and does not
// return then. main and TestMain call it first.
func Serve() {
	if len(os.Args) != 3 || os.Args[1] != command {
		return
	}
	var c Config
	err := json.Unmarshal([]byte(os.Args[2]), &c)
	if err == nil {
		err = serve(c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve serves until standard input ends.
func serve(c Config) error {
	certs, err := newCertificates(c.Dir)
	if err != nil {
		return err
	}
	a := Addresses{CA: certs.ca, NoCAs: certs.none}
	if a.Big, a.BigSum, err = makeBodies(c); err != nil {
		return err
	}
	ours, err := newServer(c, certs)
	if err != nil {
		return err
	}
	defer ours.close()
	a.Server, a.Plain, a.TLS, a.HTTP2, a.Slow = "net/http", ours.plain, ours.tls, ours.http2, ours.slow
	if path, err := exec.LookPath("nginx"); err == nil {
		n, err := startNginx(path, c, certs)
		if err != nil {
			return err
		}
		defer n.stop()
		a.Server, a.Plain, a.TLS, a.HTTP2 = n.version, n.plain, n.tls, n.http2
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
