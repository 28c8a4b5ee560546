//go:build unix

package direct

import "syscall"

// A turn writes a request, waits for the answer and reads the first of it, as
// one operation on the socket. A Write and a Read of net.Conn would look for the
// answer also right after the request has gone, when it cannot be there yet; and
// what nobody asked for would have to be looked for before, once more. That is
// one of five system calls for a small body.
//
// The look before is part of the operation for another reason, too: the runtime
// tells a socket's waiter only of what comes after the operation began, so what
// has come before must be found by looking.
type turn struct {
	out, in []byte
	idle    bool // nothing may have come yet

	turned
}

// takeTurn carries out a turn. What has become of it stands until the next one.
// The error is that of the wait: a deadline, or the end of the connection on our
// side.
func (p *probe) takeTurn(out, in []byte, idle bool) (*turned, error) {
	t := &p.turn
	t.out, t.in, t.idle, t.turned = out, in, idle, turned{}
	err := p.raw.Read(p.next)
	t.out, t.in = nil, nil
	return &t.turned, err
}

// step is called first before the wait and then each time that the socket may
// have something to say, and returns whether the turn is over.
func (p *probe) step(fd uintptr) (over bool) {
	t := &p.turn
	t.n, t.readErr = uninterrupted(syscall.Read, int(fd), t.in)
	if t.read = t.readErr != syscall.EAGAIN; !t.read {
		t.readErr = nil
	}
	if t.said {
		return t.read
	}
	if t.read && t.idle {
		return true
	}
	t.said = true
	if t.wrote, t.writeErr = uninterrupted(syscall.Write, int(fd), t.out); t.writeErr == syscall.EAGAIN {
		t.writeErr = nil
	}
	return t.read || t.wrote < len(t.out)
}

// uninterrupted repeats a system call that a signal has interrupted.
func uninterrupted(call func(int, []byte) (int, error), fd int, b []byte) (n int, err error) {
	for {
		n, err = call(fd, b)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
