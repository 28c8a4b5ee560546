package journal

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// A group of writes is synced exactly SyncEvery after its first one.
func TestSyncEvery(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		began := time.Now()
		out := &fake{}
		j := start(out, "f", 3*time.Second)
		for _, at := range []time.Duration{0, 1 * time.Second, 2 * time.Second, 10 * time.Second, 20 * time.Second} {
			time.Sleep(at - time.Since(began))
			if err := j.Append([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for _, at := range out.synced() {
			got = append(got, at.Sub(began))
		}
		want := []time.Duration{3 * time.Second, 13 * time.Second, 21 * time.Second}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("syncs (-want +got):\n%s", diff)
		}
	})
}

// Records that never pause do not put the sync off for longer than the write
// takes that is under way.
func TestSyncUnderLoad(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		began := time.Now()
		out := &fake{onWrite: func(record []byte) (int, error) {
			time.Sleep(70 * time.Millisecond)
			return len(record), nil
		}}
		j := start(out, "f", time.Second)
		for i := range 50 { // each comes in the middle of the write before it
			if err := j.Append([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				time.Sleep(35 * time.Millisecond)
			} else {
				time.Sleep(70 * time.Millisecond)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for _, at := range out.synced() {
			got = append(got, at.Sub(began))
		}
		// 15 writes of 70 ms are the first to end a second after they began.
		want := []time.Duration{1050 * time.Millisecond, 2100 * time.Millisecond, 3150 * time.Millisecond, 3500 * time.Millisecond}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("syncs (-want +got):\n%s", diff)
		}
	})
}

// What is appended while a slow disk syncs is written at once, for a kill loses
// what is not; it is synced in its turn.
func TestWriteDuringSync(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		began := time.Now()
		out := &fake{onSync: func() error { time.Sleep(10 * time.Second); return nil }}
		j := start(out, "f", time.Second)
		for range 5 {
			if err := j.Append([]byte("x")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond)
		}
		if got := out.content(); got != "x\nx\nx\nx\nx\n" {
			t.Errorf("%q is written while the first sync goes on", got)
		}
		if err := j.Flush(); err != nil || time.Since(began) != 21*time.Second {
			t.Errorf("Flush: %v after %v, want the end of the second sync", err, time.Since(began))
		}
		if err := j.Append([]byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := j.Append([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for _, at := range out.synced() {
			got = append(got, at.Sub(began))
		}
		want := []time.Duration{time.Second, 11 * time.Second, 22 * time.Second, 32 * time.Second}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("syncs (-want +got):\n%s", diff)
		}
	})
}

// Flush answers when the records before it are synced, and does not wait for
// the timer; with nothing to do it does nothing.
func TestFlush(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		began := time.Now()
		out := &fake{onSync: func() error { time.Sleep(30 * time.Millisecond); return nil }}
		j := start(out, "f", time.Hour)
		if err := j.Flush(); err != nil || time.Since(began) != 0 {
			t.Errorf("Flush of nothing: %v after %v", err, time.Since(began))
		}
		for range 2 {
			if err := j.Append([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Flush(); err != nil || out.content() != "x\nx\n" || time.Since(began) != 30*time.Millisecond {
			t.Errorf("Flush: %v after %v with %q", err, time.Since(began), out.content())
		}
		if err := j.Close(); err != nil || len(out.synced()) != 1 {
			t.Errorf("Close: %v, %d syncs, want 1", err, len(out.synced()))
		}
	})
}

// Append waits when the target is slow, with a bounded amount in memory, and
// a failure frees everybody who waits.
func TestBackpressure(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		gate := make(chan error)
		out := &fake{onWrite: func(record []byte) (int, error) {
			if err := <-gate; err != nil {
				return 0, err
			}
			return len(record), nil
		}}
		j := start(out, "f", 0)
		line := make([]byte, 64<<10-1) // 16 make maxPending with their newlines
		for i := range line {
			line[i] = 'x'
		}
		accepted, refused := make(chan struct{}, 100), make(chan error, 100)
		if err := j.Append(line); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the writer has taken it
		for range 40 {
			go func() { // ends with the failure below
				if err := j.Append(line); err != nil {
					refused <- err
					return
				}
				accepted <- struct{}{}
			}()
		}
		synctest.Wait()
		if len(accepted) != 16 {
			t.Errorf("%d records of 64 KiB accepted behind a writer that stands still, want 16", len(accepted))
		}
		gate <- nil
		synctest.Wait() // the 16 are being written, others have come in their place
		if len(accepted) != 32 {
			t.Errorf("%d accepted after one write, want 32", len(accepted))
		}
		gate <- syscall.ENOSPC
		synctest.Wait()
		if len(refused) != 8 {
			t.Errorf("%d waiting Appends were refused, want 8", len(refused))
		}
		for range len(refused) {
			if err := <-refused; !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Append = %v, want ENOSPC", err)
			}
		}
		if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Close = %v, want ENOSPC", err)
		}
	})
}
