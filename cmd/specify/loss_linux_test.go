package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lossy is set where the loopback interface loses packets.
const lossy = "SPECIFY_TEST_LOSSY"

// dropOneInTwenty is classic BPF for tc(8): of a random word below 2^32/20 the
// packet is dropped (TC_ACT_SHOT), else it passes. A kernel without netem has
// this all the same; the offset is SKF_AD_OFF+SKF_AD_RANDOM of linux/filter.h.
const dropOneInTwenty = "4,32 0 0 4294963256,53 1 0 214748365,6 0 0 2,6 0 0 0"

// On a network that loses one packet in twenty every body arrives whole, and
// what TCP mends is no failure.
func TestPacketLoss(t *testing.T) {
	if os.Getenv(lossy) == "" {
		inLossyNetwork(t)
		return
	}
	tasks := scale(300, 3000)
	src, dir := newSource(t), t.TempDir()
	p := launchAndEnd(t, dir, 0, "batch", "--file", writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }),
		"--results", "out.ndjson", "--output-dir", "out", "--per-host", "32", "--retry", "6", "--retry-delay", "200ms")
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	j.want(t, tasks, tasks, 0)
	retried := 0
	for _, r := range j.newest {
		retried += r.Attempts - 1
		sameAsSource(t, filepath.Join(dir, "out", r.Output.Path), src.number(t, r.URL))
	}
	whole, parts := outputs(t, filepath.Join(dir, "out"))
	t.Logf("%v, %d requests for %d tasks, %d retries, %s segments sent again", p.took.Round(time.Millisecond), src.total(), tasks, retried, resent(t))
	if len(whole) != tasks || len(parts) != 0 || src.total() > tasks+retried+1 {
		t.Errorf("%d outputs, left behind %q, %d requests, %d retries", len(whole), parts, src.total(), retried)
	}
	if resent(t) == "0" {
		t.Error("no packet was lost")
	}
}

// inLossyNetwork runs the test again, in a network of its own.
func inLossyNetwork(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: a network of our own, to lose packets in, takes root")
	}
	for _, tool := range []string{"ip", "tc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: packets are lost by %s: install the package iproute2", tool)
		}
	}
	script := `ip link set lo up && tc qdisc add dev lo clsact && tc filter add dev lo ingress bpf da bytecode "$1" || exit 77
shift; exec "$@"`
	cmd := exec.Command("/bin/sh", "-c", script, "sh", dropOneInTwenty, os.Args[0], "-test.run=^TestPacketLoss$", "-test.v")
	cmd.Env = append(os.Environ(), lossy+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	switch {
	case cmd.ProcessState == nil:
		t.Skipf("NOT TESTED: a network of our own is denied here: %v", err)
	case cmd.ProcessState.ExitCode() == 77:
		t.Skipf("NOT TESTED: this kernel does not lose packets on demand: %s", out)
	case err != nil:
		t.Errorf("%v:\n%s", err, out)
	default:
		t.Logf("%s", out)
	}
}

// resent is how many TCP segments this network has sent again.
func resent(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		t.Fatal(err)
	}
	var names, values []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Tcp:"); ok {
			names, values = values, strings.Fields(rest)
		}
	}
	for i, name := range names {
		if name == "RetransSegs" {
			return values[i]
		}
	}
	t.Fatal("no RetransSegs in /proc/net/snmp")
	return ""
}
