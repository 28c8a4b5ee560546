//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// built builds a program of this module's graph into a folder of the test's,
// and returns its path.
func built(t *testing.T, pkg, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// launchBuilt launches a program that was built, as "specify args". It is killed
// with the test, and in a test that has failed it is shown what it said.
func launchBuilt(t *testing.T, program, dir string, args ...string) *running {
	t.Helper()
	p := prepared(t, dir, args...)
	p.Path = program
	p.launch(t)
	t.Cleanup(func() {
		if p.ProcessState == nil {
			p.Process.Kill()
			_ = p.Wait() // it was killed
		}
		if t.Failed() {
			t.Logf("specify %s: %s", args[0], clip(p))
		}
	})
	return p
}

// cluster is a number of nats-server processes with JetStream on loopback. It is
// for one goroutine.
type cluster struct {
	program string
	nodes   []*node
	js      jetstream.JetStream // of the test itself
	died    time.Duration       // processor time of those that were killed
}

// node is one server of a cluster. Its address and its folder outlive the
// process.
type node struct {
	name string
	args []string
	url  string
	log  string // file
	cmd  *exec.Cmd
}

// startCluster starts n servers and waits until they agree with each other.
func startCluster(t *testing.T, n int) *cluster {
	t.Helper()
	c := &cluster{program: built(t, "github.com/nats-io/nats-server/v2", "nats-server")}
	ports := freePorts(t, 2*n)
	var routes []string
	for i := range n {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[n+i]))
	}
	dir := t.TempDir()
	for i := range n {
		name := fmt.Sprint("n", i)
		d := &node{name: name, url: fmt.Sprintf("nats://127.0.0.1:%d", ports[i]), log: filepath.Join(dir, name+".log")}
		d.args = []string{"-n", name, "-a", "127.0.0.1", "-p", fmt.Sprint(ports[i]), "-js", "-sd", filepath.Join(dir, name), "-l", d.log}
		if n > 1 {
			d.args = append(d.args, "--cluster_name", "test", "--cluster", routes[i], "--routes", strings.Join(routes, ","))
		}
		c.nodes = append(c.nodes, d)
		c.start(t, d)
	}
	t.Cleanup(func() { c.stop() })
	c.connect(t)
	return c
}

// freePorts returns ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // together, so that all differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (c *cluster) start(t *testing.T, d *node) {
	t.Helper()
	d.cmd = exec.CommandContext(t.Context(), c.program, d.args...)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// connect opens the test's own connection, and waits until the cluster answers.
func (c *cluster) connect(t *testing.T) {
	t.Helper()
	nc, err := nats.Connect(c.address(), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if c.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the servers know each other and have a leader", func() bool {
		_, err := c.js.AccountInfo(t.Context())
		return err == nil && len(nc.Servers()) == len(c.nodes)
	})
}

// address is that of all servers.
func (c *cluster) address() string {
	var urls []string
	for _, d := range c.nodes {
		urls = append(urls, d.url)
	}
	return strings.Join(urls, ",")
}

// kill ends a server as a power switch would its machine's processes.
func (c *cluster) kill(t *testing.T, d *node) {
	t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait() // it was killed
	c.died += d.cmd.ProcessState.UserTime() + d.cmd.ProcessState.SystemTime()
	d.cmd = nil
}

// stop ends all servers and returns the processor time that they have used.
func (c *cluster) stop() (cpu time.Duration) {
	for _, d := range c.nodes {
		if d.cmd == nil {
			continue
		}
		_ = d.cmd.Process.Signal(os.Interrupt)                                      // Wait tells
		late := time.AfterFunc(10*time.Second, func() { _ = d.cmd.Process.Kill() }) // as before
		_ = d.cmd.Wait()                                                            // the status says nothing of the test's
		late.Stop()
		c.died += d.cmd.ProcessState.UserTime() + d.cmd.ProcessState.SystemTime()
		d.cmd = nil
	}
	return c.died
}

// leader is the server that leads a stream.
func (c *cluster) leader(t *testing.T, stream string) *node {
	t.Helper()
	var leads *node
	eventually(t, "stream "+stream+" has a leader", func() bool {
		s, err := c.js.Stream(t.Context(), stream)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		for _, d := range c.nodes {
			if d.cmd != nil && d.name == s.CachedInfo().Cluster.Leader {
				leads = d
			}
		}
		return leads != nil
	})
	return leads
}

// stream is how a stream stands; the zero value when nobody can tell.
func (c *cluster) stream(t *testing.T, name string) (info jetstream.StreamInfo) {
	t.Helper()
	s, err := c.js.Stream(t.Context(), name)
	if err == nil {
		info = *s.CachedInfo()
	}
	return info
}

// delivered is how often the server has delivered a task, repetitions included.
func (c *cluster) delivered(t *testing.T) (n uint64) {
	t.Helper()
	s, err := c.js.Stream(t.Context(), "specify-jobs")
	if err != nil {
		t.Fatal(err)
	}
	list := s.ListConsumers(t.Context())
	for info := range list.Info() {
		n += info.Delivered.Consumer
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
