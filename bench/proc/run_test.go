package proc

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	measured, other := Cores()
	if (measured == other) != (measured == Any) {
		t.Errorf("cores %d and %d: want two different ones, or none", measured, other)
	}
	c := Command{Args: []string{"sh", "-c", "sleep 0.05; (i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done)"}, Dir: t.TempDir(), Core: measured}
	u, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if u.Wall < 50*time.Millisecond || u.CPU <= 0 || u.Peak < 100<<10 {
		t.Errorf("used %+v, although it slept 50 ms and its child counted", u)
	}
	c.Args = []string{"sh", "-c", "echo why >&2; exit 3"}
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "exit status 3: why") {
		t.Errorf("a failed program gave the error %v", err)
	}
}

// A program may use the core it was started for and no other, and we may still
// use all of ours.
func TestCore(t *testing.T) {
	measured, _ := Cores()
	if measured == Any {
		t.Skip("one core, or none to choose: nothing is pinned here")
	}
	for range 2 {
		// exits with 0 if it may use one core
		c := Command{Args: []string{"sh", "-c", `test "$(nproc)" = 1`}, Dir: t.TempDir(), Core: measured}
		if _, err := Run(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	out, err := exec.Command("nproc").Output()
	if err != nil || strings.TrimSpace(string(out)) == "1" {
		t.Errorf("after that nproc says %q, %v", out, err)
	}
}

func TestVersion(t *testing.T) {
	if v := Version("no-such-program"); v != "" {
		t.Errorf("a program that is not there has version %q", v)
	}
	for _, c := range []struct{ line, want string }{
		{"curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1", "7.88.1"},
		{"wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0-3+b2"},
		{"GNU parallel 20221122", "20221122"},
		{"nginx version: nginx/1.22.1", "1.22.1"},
		{"BusyBox", "BusyBox"},
	} {
		if got := versionIn(c.line); got != c.want {
			t.Errorf("%q has version %q, want %q", c.line, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 9, 2}, 3}} {
		if got := Median(c.of); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.of, got, c.want)
		}
	}
}
