package splice

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// connected returns the ends of a connection.
func connected(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return c.(*net.TCPConn), a.(*net.TCPConn)
}

func socket(t *testing.T, c *net.TCPConn) syscall.RawConn {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func made(t *testing.T) *Pipe {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// What is sent is what is in the file, also where the file system, or the way
// that the file was opened, has it copied.
func TestPipe(t *testing.T) {
	sent := make([]byte, 3*capacity+7)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(sent)
	for name, flag := range map[string]int{"moved": 0, "copied": os.O_APPEND} { // splice(2) refuses a file to append to
		t.Run(name, func(t *testing.T) {
			near, far := connected(t)
			go func() { // ends with the connection
				_, _ = far.Write(sent)
				_ = far.CloseWrite()
			}()
			file, err := os.OpenFile(filepath.Join(t.TempDir(), "f"), os.O_CREATE|os.O_RDWR|flag, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			p, raw := made(t), socket(t, near)
			var n int64
			for {
				k, err := p.Fill(raw, 300_000)
				if err == io.EOF {
					break
				}
				if err != nil || k <= 0 || k > 300_000 || p.Held() != k {
					t.Fatalf("Fill: %d, %v, holds %d", k, err, p.Held())
				}
				if done, err := p.Drain(file, n); err != nil || done != k || p.Held() != 0 {
					t.Fatalf("Drain: %d of %d, %v, holds %d", done, k, err, p.Held())
				}
				n += k
			}
			got, err := os.ReadFile(file.Name())
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes of %d, or others (%v)", len(got), len(sent), err)
			}
		})
	}
}

func TestFillErrors(t *testing.T) {
	near, far := connected(t)
	p, raw := made(t), socket(t, near)
	_ = near.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := p.Fill(raw, 100); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nothing sent: %d, %v", n, err)
	}
	_ = near.SetReadDeadline(time.Time{})
	_ = far.SetLinger(0)
	far.Close()
	if n, err := p.Fill(raw, 100); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %d, %v", n, err)
	}
	near.Close()
	if n, err := p.Fill(raw, 100); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %d, %v", n, err)
	}
	pipe := made(t) // splice(2) does not read from an epoll descriptor
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "epoll")
	defer f.Close()
	odd, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := pipe.Fill(odd, 100); n != 0 || err != errors.ErrUnsupported {
		t.Errorf("no socket: %d, %v", n, err)
	}
}

func TestDrainErrors(t *testing.T) {
	near, far := connected(t)
	p, raw := made(t), socket(t, near)
	if _, err := far.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if n, err := p.Fill(raw, 1000); n != 1000 || err != nil {
		t.Fatal(n, err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if n, err := p.Drain(full, 0); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %d, %v", n, err)
	}
	closed, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if n, err := p.Drain(closed, 0); n != 0 || err == nil {
		t.Errorf("closed: %d, %v", n, err)
	}
}

// There are so many at once, and no more.
func TestNew(t *testing.T) {
	var all []*Pipe
	for range maxPipes {
		p, err := New()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if _, err := New(); err == nil {
		t.Error("one more than there may be")
	}
	for _, p := range all {
		p.Close()
	}
	made(t)
}
