// Profile runs a real batch against a server on this machine with a specify that
// is built to profile itself, and prints where its time and memory went.
//
//	go -C bench run ./profile [-o DIR] [-n 100000] [-jobs 50] [-tls] [-top 25]
//
// DIR then holds cpu.pprof and heap.pprof, for `go tool pprof -http=: DIR/specify
// DIR/cpu.pprof`, and the program. The heap's in-use figures are those of the last
// garbage collection within the run.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/specify-cli/specify/bench/proc"
	"github.com/specify-cli/specify/bench/site"
)

// batch is what is profiled.
type batch struct {
	urls, jobs int
	tls        bool
}

func main() {
	site.Serve()

	var b batch
	out := flag.String("o", "profile", "folder `DIR` for the profiles")
	top := flag.Int("top", 25, "how many functions each table shows")
	flag.IntVar(&b.urls, "n", 100_000, "URLs")
	flag.IntVar(&b.jobs, "jobs", 50, "attempts in flight")
	flag.BoolVar(&b.tls, "tls", false, "over TLS")
	flag.Parse()

	err := profile(context.Background(), b, *out)
	if err == nil {
		err = show(os.Stdout, *out, *top)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

// profile runs b and leaves the profiles in out.
func profile(ctx context.Context, b batch, out string) (err error) {
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	specify, err := proc.BuildSpecify(out, "profile")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "specify-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	served := filepath.Join(dir, "site")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(served, 0o755)); err != nil { // nginx's worker may be another user
		return err
	}
	core, other := proc.Cores()
	s, err := site.Start(site.Config{Dir: served, Small: 200, Core: other})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	list, jobs := filepath.Join(dir, "urls"), strconv.Itoa(b.jobs)
	if err := writeList(list, s, b); err != nil {
		return err
	}
	used, err := proc.Run(ctx, proc.Command{
		Args: []string{specify, "batch", "-s", "--file", list, "--results", filepath.Join(dir, "results"), "--jobs", jobs, "--per-host", jobs},
		Dir:  dir, Core: core,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SSL_CERT_FILE=" + s.CA, "SSL_CERT_DIR=" + s.NoCAs, "PROFILE=" + out},
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d URLs from %s: %v of CPU, %.1f MiB at most\n", b.urls, s.Server, used.CPU, float64(used.Peak)/(1<<20))
	return nil
}

func writeList(name string, s *site.Site, b batch) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	scheme, port := "http", s.Plain
	if b.tls {
		scheme, port = "https", s.TLS
	}
	out := bufio.NewWriter(f)
	for i := range b.urls {
		fmt.Fprintf(out, "%s://%s:%d/small/%d\n", scheme, site.Host(0, 1), port, i)
	}
	return cmp.Or(out.Flush(), f.Close())
}

// show prints the tables of the profiles in dir.
func show(w io.Writer, dir string, top int) error {
	for _, table := range []struct{ file, index, title string }{
		{"cpu.pprof", "cpu", "processor time"},
		{"heap.pprof", "alloc_space", "bytes allocated in all"},
		{"heap.pprof", "inuse_space", "bytes in use at the last collection"},
	} {
		fmt.Fprintf(w, "\n%s\n", table.title)
		pprof := exec.Command("go", "tool", "pprof", "-top", "-nodecount", strconv.Itoa(top), "-sample_index", table.index,
			filepath.Join(dir, "specify"), filepath.Join(dir, table.file))
		pprof.Stdout, pprof.Stderr = w, os.Stderr
		if err := pprof.Run(); err != nil {
			return fmt.Errorf("pprof %s: %w", table.file, err)
		}
	}
	return nil
}
