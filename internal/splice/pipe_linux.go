package splice

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	capacity = 1 << 20 // bytes; what anybody may ask for (pipe-max-size), and what gains most
	maxPipes = 8       // at once: each is two descriptors, and of those there may be few
)

var pipes atomic.Int32 // that exist

// Pipe holds bytes on their way. It belongs to one goroutine at a time, who
// closes it.
type Pipe struct {
	r, w int
	held int64
}

// New makes a Pipe. An error says that there is none to be had, now or ever.
func New() (*Pipe, error) {
	if pipes.Add(1) > maxPipes {
		pipes.Add(-1)
		return nil, errors.New("too many pipes")
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		pipes.Add(-1)
		return nil, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, capacity) // a smaller one does as well
	return &Pipe{r: fds[0], w: fds[1]}, nil
}

// Held returns how many bytes p holds.
func (p *Pipe) Held() int64 { return p.held }

// Fill waits until c has bytes, as long as its deadline lets it, and moves up to
// max of them into p, which must be empty. At the end it returns io.EOF.
func (p *Pipe) Fill(c syscall.RawConn, max int64) (int64, error) {
	var n int64
	var failed error
	err := c.Read(func(fd uintptr) bool {
		n, failed = splice(int(fd), nil, p.w, nil, max)
		return failed != unix.EAGAIN // of the socket: p is empty
	})
	switch {
	case err != nil:
		return 0, err
	case unsupported(failed):
		return 0, errors.ErrUnsupported
	case failed != nil:
		return 0, os.NewSyscallError("read", failed) // as the socket's Read says it
	case n == 0:
		return 0, io.EOF
	}
	p.held = n
	return n, nil
}

// Drain moves what p holds to f at offset, and returns how much of it has got
// there.
func (p *Pipe) Drain(f syscall.Conn, offset int64) (int64, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var done int64
	var failed error
	err = raw.Control(func(fd uintptr) {
		for p.held > 0 && failed == nil {
			var n int64
			at := offset + done
			if n, failed = splice(p.r, nil, int(fd), &at, p.held); unsupported(failed) {
				n, failed = p.copyOut(int(fd), offset+done)
			}
			if n == 0 && failed == nil {
				failed = io.ErrShortWrite
			}
			done += n
			p.held -= n
		}
	})
	if err == nil {
		err = failed
	}
	return done, err
}

// copyOut moves some of what p holds as any program would: not every file system
// can do better.
func (p *Pipe) copyOut(fd int, offset int64) (int64, error) {
	buf := make([]byte, min(p.held, 64<<10))
	n, err := unix.Read(p.r, buf)
	if err != nil {
		return 0, err
	}
	var done int
	for done < n {
		m, err := unix.Pwrite(fd, buf[done:n], offset+int64(done))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return int64(done), err
		}
		done += m
	}
	return int64(done), nil
}

// Close lets go of p, and of what it holds.
func (p *Pipe) Close() {
	_, _ = unix.Close(p.r), unix.Close(p.w)
	pipes.Add(-1)
}

func splice(from int, fromAt *int64, to int, toAt *int64, most int64) (n int64, err error) {
	for {
		n, err = unix.Splice(from, fromAt, to, toAt, int(min(most, capacity)), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// unsupported reports whether err is about splice(2) here, or may be: a sandbox
// says EPERM.
func unsupported(err error) bool {
	return err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP || err == unix.EPERM
}
