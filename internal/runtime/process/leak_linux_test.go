package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func init() {
	roles["crowded"] = crowded
	// flood writes 1 MiB pieces to stdout and stderr, as many as the argument
	// says, then goes on for ever if it is "on".
	roles["flood"] = func(args []string) int {
		piece := make([]byte, 1<<20)
		for i := range piece {
			piece[i] = "line of output\n"[i%15]
		}
		count, forever := 0, args[0] == "on"
		fmt.Sscan(args[0], &count)
		for i := 0; i < count || forever; i++ {
			os.Stdout.Write(piece)
			if i%16 == 0 {
				os.Stderr.Write(piece)
			}
		}
		return 0
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := readNames("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// settle returns when count has come down to want, or what it stays at.
func settle(want int, count func() int) int {
	for range 200 {
		if count() <= want {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return count()
}

// Memory does not grow with what a command writes.
func TestMemoryFlat(t *testing.T) {
	pieces := 1 << 10 // 1 GiB
	if testing.Short() {
		pieces = 64
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	n := 0
	c := play(t, "flood", fmt.Sprint(pieces))
	c.Stdout = writer(func(p []byte) (int, error) {
		if n++; n%512 == 0 {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
		return len(p), nil
	})
	res, err := Run(t.Context(), c)
	if err != nil || res.StdoutBytes != int64(pieces)<<20 || len(res.StderrTail) < DefaultTailBytes-3 {
		t.Fatalf("Run = %+v, %v", res, err)
	}
	runtime.ReadMemStats(&after)
	t.Logf("%d MiB: allocated %d KiB, heap at most %d KiB over the start", pieces, (after.TotalAlloc-before.TotalAlloc)>>10, (int64(peak)-int64(before.HeapAlloc))>>10)
	if total := after.TotalAlloc - before.TotalAlloc; total > 1<<20 {
		t.Errorf("allocated %d bytes for %d MiB of output", total, pieces)
	}
}

// Children one after the other and many at a time leave no descriptor, no
// goroutine, no child, no thread for each.
func TestNothingIsLeft(t *testing.T) {
	children := 20_000
	if testing.Short() {
		children = 2_000
	}
	const atATime = 200
	path, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), script("exit 0")); err != nil { // once before counting: the poller's descriptors
		t.Fatal(err)
	}
	fds, goroutines := descriptors(t), runtime.NumGoroutine()

	run := func(i int) {
		c := Command{Argv: []string{path}, Stdout: io.Discard}
		want := 0
		switch i % 50 {
		case 0:
			c.Argv, want = []string{"./missing"}, 127
		case 1:
			c.Argv, want = []string{"sh", "-c", "echo out; echo err >&2; exit 3"}, 3
		case 2:
			c.Argv, want = []string{"sh", "-c", "kill -KILL $$"}, 137
		}
		if i%500 == 3 {
			c.Argv, c.Limit, want = []string{"sleep", "100"}, time.Millisecond, 124
		}
		if _, err := Run(t.Context(), c); Status(err) != want {
			t.Errorf("child %d: %v, want status %d", i, err, want)
		}
	}
	for i := range children / 20 {
		run(i)
	}
	if now := descriptors(t); now > fds {
		t.Errorf("%d descriptors after %d children in sequence, %d before", now, children/20, fds)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range atATime {
		wg.Go(func() {
			for {
				i := int(next.Add(1))
				if i > children {
					return
				}
				run(i)
			}
		})
	}
	wg.Wait()

	if now := settle(fds, func() int { return descriptors(t) }); now > fds {
		t.Errorf("%d descriptors after %d children, %d before", now, children, fds)
	}
	if now := settle(goroutines, runtime.NumGoroutine); now > goroutines {
		t.Errorf("%d goroutines after %d children, %d before", now, children, goroutines)
	}
	checkNoZombies(t)
	threads, err := readNames("/proc/self/task")
	if err != nil || len(threads) > 2*atATime+50 {
		t.Errorf("%d threads after %d children, %d at a time (%v)", len(threads), children, atATime, err)
	}
	if len(running.groups) != 0 {
		t.Errorf("%d groups still listed", len(running.groups))
	}
}

// As many stubborn commands as a batch runs at a time, all at their limit in
// the same moment, are gone soon after their grace.
func TestManyLimitsAtOnce(t *testing.T) {
	const limit = time.Second // long enough for all of them to start
	mark := nap(t)
	deadline := time.Now().Add(limit)
	var mu sync.Mutex // guards slowest
	var slowest time.Duration
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			c := script(`trap "" TERM; sleep ` + mark + ` & sleep ` + mark)
			c.Limit = time.Until(deadline)
			_, err := Run(t.Context(), c)
			if _, ok := errors.AsType[*TimeoutError](err); !ok {
				t.Errorf("Run = %v, want *TimeoutError", err)
			}
			mu.Lock()
			defer mu.Unlock()
			slowest = max(slowest, time.Since(deadline))
		})
	}
	wg.Wait()
	t.Logf("the last was gone %v after the limit", slowest)
	if slowest > limitGrace+time.Second {
		t.Errorf("the last was gone %v after the limit", slowest)
	}
	checkGone(t, mark)
	checkNoZombies(t)
}

// A full table of descriptors is our trouble: 125, and nothing lost by it.
func TestTooManyOpenFiles(t *testing.T) {
	c := play(t, "crowded")
	c.Stdout = &output{}
	res, err := Run(t.Context(), c)
	if err != nil {
		t.Errorf("Run = %v, stdout %q, stderr %q", err, c.Stdout, res.StderrTail)
	}
}

// crowded runs commands with 0, 1, 2 ... descriptors free.
func crowded([]string) int {
	if _, err := Run(context.Background(), script("exit 0")); err != nil { // once: the poller's descriptors
		fmt.Println("first run:", err)
		return 1
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		fmt.Println(err)
		return 1
	}
	fill := func() (files []*os.File) {
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				return files
			}
			files = append(files, f)
		}
	}
	refused := 0
	for free, held := 0, fill(); free < len(held); free++ {
		c := script("exit 0")
		c.Stdout = io.Discard
		_, err := Run(context.Background(), c)
		if err != nil && (Status(err) != 125 || !errors.Is(err, syscall.EMFILE)) {
			fmt.Printf("with %d free: %v\n", free, err)
			return 1
		}
		rest := fill()
		for _, f := range rest {
			f.Close()
		}
		if len(rest) != free {
			fmt.Printf("of %d free, %d are left: %v\n", free, len(rest), err)
			return 1
		}
		if err == nil {
			if refused < 4 { // two pipes alone need four
				fmt.Printf("ran with %d free\n", free)
				return 1
			}
			return 0
		}
		refused++
		held[free].Close()
	}
	fmt.Println("never ran")
	return 1
}
