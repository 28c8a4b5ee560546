package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/specify-cli/specify/bench/proc"
	"github.com/specify-cli/specify/bench/site"
)

// stage is what the contests take place on: a server, our program, folders.
type stage struct {
	site    *site.Site
	dir     string
	specify string
	linked  string
	self    string
	flags   string // the help of `specify batch`
	core    int    // of the clients
}

// setUp builds specify and starts the server. The caller closes the stage, also
// after an error.
func setUp(small int, big int64) (st *stage, err error) {
	st = &stage{}
	base := "/dev/shm" // memory, so that no disk is measured
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		base = ""
	}
	if st.dir, err = os.MkdirTemp(base, "specify-bench-"); err != nil {
		return st, err
	}
	if err := os.Chmod(st.dir, 0o755); err != nil { // nginx's worker may be another user
		return st, err
	}
	served := filepath.Join(st.dir, "site")
	if err := os.Mkdir(served, 0o755); err != nil {
		return st, err
	}
	if st.specify, err = proc.BuildSpecify(st.dir, ""); err != nil {
		return st, err
	}
	if st.linked, err = proc.BuildLinked(st.dir); err != nil {
		return st, err
	}
	help, err := exec.Command(st.specify, "batch", "--help").Output()
	if err != nil {
		return st, fmt.Errorf("specify batch --help: %w", err)
	}
	st.flags = string(help)
	if st.self, err = os.Executable(); err != nil {
		return st, err
	}
	var other int
	st.core, other = proc.Cores()
	st.site, err = site.Start(site.Config{Dir: served, Small: small, Big: big, Core: other})
	return st, err
}

func (st *stage) close() error {
	var err error
	if st.site != nil {
		err = st.site.Close()
	}
	if st.dir != "" {
		err = errors.Join(err, os.RemoveAll(st.dir))
	}
	return err
}

// lacks returns what c needs and this machine does not have, or "".
func (st *stage) lacks(c client) string {
	if c.tool != "" {
		if _, err := exec.LookPath(c.tool); err != nil {
			return c.tool
		}
	}
	if c.flag != "" && !strings.Contains(st.flags, c.flag+" ") {
		return "specify with " + c.flag
	}
	return ""
}

// port is where w is served.
func (st *stage) port(w work) int {
	switch {
	case w.http2:
		return st.site.HTTP2
	case w.tls:
		return st.site.TLS
	case w.slow:
		return st.site.Slow
	}
	return st.site.Plain
}

// url is the i-th URL of w.
func (st *stage) url(w work, i int) string {
	scheme, path := "http", fmt.Sprintf("small/%d", i)
	switch {
	case w.tls || w.http2:
		scheme = "https"
	case w.slow:
		path = fmt.Sprintf("slow/%d", i)
	case w.kib > 0:
		path = fmt.Sprintf("kib/%d/%d", w.kib, i)
	case w.big:
		path = "big"
	}
	return fmt.Sprintf("%s://%s:%d/%s", scheme, site.Host(i, w.hosts), st.port(w), path)
}

// job prepares what r needs: its list, written once to a file named after list, and
// an empty folder for its outputs.
func (st *stage) job(r run, list string) (job, error) {
	j := job{
		work: r.work, list: filepath.Join(st.dir, list), url: st.url(r.work, 0), outputs: filepath.Join(st.dir, "outputs"),
		specify: st.specify, self: st.self, linked: st.linked, ca: st.site.CA, bigSum: st.site.BigSum, bigFile: st.site.Big,
	}
	if err := os.RemoveAll(j.outputs); err != nil {
		return j, err
	}
	if err := os.Mkdir(j.outputs, 0o755); err != nil {
		return j, err
	}
	if _, err := os.Stat(j.list); err == nil {
		return j, nil
	}
	return j, st.writeList(r, j)
}

func (st *stage) writeList(r run, j job) error {
	f, err := os.Create(j.list)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	for i := range r.work.urls {
		url := st.url(r.work, i)
		if r.client.entry != nil {
			out.WriteString(r.client.entry(url, filepath.Join(j.outputs, fmt.Sprint(i))))
		} else {
			out.WriteString(url + "\n")
		}
	}
	return cmp.Or(out.Flush(), f.Close())
}
