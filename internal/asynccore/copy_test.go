package asynccore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
)

// TestCopyWakesABlockedCall covers a pipe of the system with nobody at its
// other end, and a connection in a bubble, where the time is exact.
func TestCopyWakesABlockedCall(t *testing.T) {
	checkStreamLeaks(t)
	cause := errors.New("closing")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for name, run := range map[string]func(context.Context) error{
		"read":  func(ctx context.Context) error { _, err := Copy(ctx, io.Discard, r); return err },
		"write": func(ctx context.Context) error { _, err := Copy(ctx, w, new(endlessZeros)); return err },
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		timer := time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
		if err := run(ctx); err != cause {
			t.Errorf("%s: %v", name, err)
		}
		timer.Stop()
	}

	bubble.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		go func() { _, _ = far.Write([]byte("12345")) }()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, cause)
		defer cancel()
		start := time.Now()
		var got bytes.Buffer
		n, err := Copy(ctx, &got, near)
		if n != 5 || got.String() != "12345" || err != cause || time.Since(start) != 3*time.Second {
			t.Errorf("%d, %v after %v", n, err, time.Since(start))
		}
	})
}

type endlessZeros struct{}

func (*endlessZeros) Read(p []byte) (int, error) { return len(p), nil }

func TestCopyStopsBetweenReads(t *testing.T) {
	for k := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		src := &inSteps{char: 'x', steps: 9, before: func(at int) {
			if at == k {
				cancel()
			}
		}}
		var dst bytes.Buffer
		n, err := Copy(ctx, &dst, src)
		// What that read gave is still written: n is what dst has.
		if want := int64(1000 * (k + 1)); n != want || int64(dst.Len()) != want || err != context.Canceled {
			t.Errorf("cancelled in read %d: %d, %v", k, n, err)
		}
	}
}

// writerFunc is a Write.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestCopyFailures(t *testing.T) {
	full := errors.New("full")
	for _, tc := range []struct {
		name string
		dst  writerFunc
		n    int64
		err  error
	}{
		{"error", func(p []byte) (int, error) { return 3, full }, 3, full},
		{"short", func(p []byte) (int, error) { return len(p) - 1, nil }, 999, io.ErrShortWrite},
		{"deadline of its own", func(p []byte) (int, error) { return 0, os.ErrDeadlineExceeded }, 0, os.ErrDeadlineExceeded},
	} {
		if n, err := Copy(t.Context(), tc.dst, &inSteps{steps: 2}); n != tc.n || err != tc.err {
			t.Errorf("%s: %d, %v", tc.name, n, err)
		}
	}
	// The last bytes may come with io.EOF.
	var got bytes.Buffer
	if n, err := Copy(t.Context(), &got, iotest.DataErrReader(strings.NewReader("abc"))); n != 3 || err != nil {
		t.Errorf("data with EOF: %d, %v", n, err)
	}
}

func BenchmarkCopy(b *testing.B) {
	const size = 64 << 20
	name := filepath.Join(b.TempDir(), "out")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if n, err := Copy(b.Context(), f, io.LimitReader(new(endlessZeros), size)); n != size || err != nil {
			b.Fatal(n, err)
		}
	}
}
