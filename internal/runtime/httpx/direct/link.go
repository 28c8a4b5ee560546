package direct

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/splice"
)

// link is the socket below HTTP and below TLS. It turns a limit on silence
// into deadlines, counts what passes, and can be read without waiting.
//
// A deadline for reading may be that of an earlier request, and so too early: it
// is set anew when less than half of the limit is left, and when it has passed.
// To set it for each request takes 2 % of the time of a small answer.
//
// It has one reader at a time. Writes may come from another goroutine (the
// one that sends a request's body), and Close from any.
type link struct {
	net.Conn
	silence time.Duration // longest wait for a byte in either direction; 0: no limit
	probe   *probe        // nil when the socket cannot be asked; then watched is used
	watched chan error    // while idle and without a probe: gets the end of the one read

	holding bool   // Write adds to held
	held    []byte // what goes out with the next Read
	idle    bool   // and only if nothing has come since the answer before it

	noWait bool      // Read does not wait; set by the reader itself
	fin    bool      // the peer has closed its side, as a Read was told
	until  time.Time // when the silence under way will have been too long
	armed  bool      // until is the next read's, too
	due    time.Time // the deadline of the socket for reading; zero when it has none
	upload *upload   // the body being sent, nil without one; set before its goroutine starts

	wrote    atomic.Int64 // bytes of this request that the socket took
	got      atomic.Int64 // bytes read since this request began
	writeErr atomic.Pointer[error]
	hurried  atomic.Bool // the peer has stopped listening: deadlines are not renewed
}

// NetConn returns the connection that DialContext made, as tls.Conn.NetConn does
// for what is below it.
func (l *link) NetConn() net.Conn { return l.Conn }

// begin prepares the link for a new request, which may be about to go out in
// turn, and starts its clock.
func (l *link) begin(inTurn bool, now time.Time) {
	l.wrote.Store(0)
	l.got.Store(0)
	l.held, l.upload = nil, nil
	if l.silence <= 0 {
		return
	}
	// A request without a body is one write, and the wait for the first byte of
	// its answer begins here.
	l.armed = true
	switch renew := l.expect(l.silence, now); {
	case !inTurn:
		l.due = l.until
		_ = l.SetDeadline(l.due)
	case renew:
		_ = l.SetReadDeadline(l.due)
	}
}

// expect begins a silence that may last for d from now, and reports whether due
// is to be set on the socket for it.
func (l *link) expect(d time.Duration, now time.Time) bool {
	l.until = now.Add(d)
	if left := l.due.Sub(now); left >= d/2 && left <= d {
		return false
	}
	l.due = l.until
	return true
}

// Read reads what has come, and waits for it no longer than silence.
func (l *link) Read(p []byte) (int, error) {
	switch {
	case l.noWait:
		return l.readNow(p)
	case l.held != nil:
		return l.turn(p)
	}
	l.arm()
	return l.read(p)
}

func (l *link) read(p []byte) (int, error) {
	for {
		if n, err := l.Conn.Read(p); l.over(int64(n), err) {
			return n, err
		}
	}
}

// hold keeps request, which stays the caller's, for the next Read. idle says
// that it must not go out where something is there to be read before it: then it
// is still held after that Read.
func (l *link) hold(request []byte, idle bool) { l.held, l.idle = request, idle }

// turned is what has become of a turn.
type turned struct {
	said     bool  // out was written, or what the socket took of it
	wrote    int   // of out; it is less when the socket had no room for all of it
	writeErr error // what the system said, but for that
	read     bool  // what follows is known: the socket had something to say
	n        int   // of in; 0 is the end
	readErr  error // what the system said
}

// turn writes the request that is held and reads the first of its answer.
func (l *link) turn(p []byte) (int, error) {
	l.arm()
	t, err := l.probe.takeTurn(l.held, p, l.idle)
	for !t.said && l.early(err) { // it had passed before the turn began
		t, err = l.probe.takeTurn(l.held, p, l.idle)
	}
	if t.said {
		request := l.held
		l.held = nil
		l.wrote.Add(int64(t.wrote))
		switch {
		case t.writeErr != nil:
			l.writeFailed(l.failure("write", os.NewSyscallError("write", t.writeErr)))
			l.hurry()
		case t.wrote < len(request):
			if l.silence > 0 {
				_ = l.SetWriteDeadline(l.until)
			}
			if _, err := l.Write(request[t.wrote:]); err != nil {
				l.hurry()
			}
		}
	}
	switch {
	case l.early(err):
		return l.read(p)
	case err != nil:
		return 0, l.failure("read", err)
	case !t.read:
		return l.read(p)
	case t.readErr != nil:
		return 0, l.failure("read", os.NewSyscallError("read", t.readErr))
	case t.n == 0:
		l.fin = true
		return 0, io.EOF
	}
	l.got.Add(int64(t.n))
	return t.n, nil
}

// failure is the error that op of the connection would have returned for err.
func (l *link) failure(op string, err error) error {
	if raw, ok := errors.AsType[*net.OpError](err); ok {
		err = raw.Err
	}
	return &net.OpError{Op: op, Net: l.LocalAddr().Network(), Source: l.LocalAddr(), Addr: l.RemoteAddr(), Err: err}
}

// fill is Read into a pipe, of at most max bytes. It returns
// errors.ErrUnsupported where the socket cannot do that.
func (l *link) fill(p *splice.Pipe, max int64) (int64, error) {
	socket := l.probe.socket()
	if socket == nil {
		return 0, errors.ErrUnsupported
	}
	l.arm()
	for {
		n, err := p.Fill(socket, max)
		if sys, ok := errors.AsType[*os.SyscallError](err); ok {
			err = l.failure("read", sys)
		}
		if l.over(n, err) {
			return n, err
		}
	}
}

// arm starts the limit on silence anew.
func (l *link) arm() {
	if l.armed {
		l.armed = false
	} else {
		l.renewRead(l.silence)
	}
}

// over takes note of what a read has brought, and reports whether that is all
// there is to wait for.
func (l *link) over(n int64, err error) bool {
	l.got.Add(n)
	l.fin = l.fin || err == io.EOF
	return n > 0 || !l.early(err)
}

// early reports whether a read has met a deadline too early, and renews it then:
// it was that of an earlier silence, or the server was silent with a reason: the
// body of the request was on its way to it. Its own time starts when the last
// byte has gone.
func (l *link) early(err error) bool {
	if err == nil || !isDeadline(err) || l.hurried.Load() {
		return false
	}
	left := time.Until(l.until)
	if l.upload != nil {
		own := l.silence
		if at := l.upload.ended.Load(); at != nil {
			own -= time.Since(*at)
		}
		left = max(left, own)
	}
	if left <= 0 {
		return false
	}
	l.renewRead(left)
	return true
}

func (l *link) renewRead(d time.Duration) {
	if l.silence > 0 && !l.hurried.Load() && l.expect(d, time.Now()) {
		_ = l.SetReadDeadline(l.due)
	}
}

// readNow reads only what is here already.
func (l *link) readNow(p []byte) (int, error) {
	if l.probe == nil {
		return 0, errNothingYet
	}
	n, err := l.probe.read(p)
	l.got.Add(int64(n))
	return n, err
}

// Write remembers the first error, so that the reader of the answer can tell
// it from one that the caller's body or request caused.
func (l *link) Write(p []byte) (int, error) {
	if l.holding {
		l.held = append(l.held, p...)
		return len(p), nil
	}
	if l.upload != nil && l.silence > 0 {
		_ = l.SetWriteDeadline(time.Now().Add(l.silence))
	}
	n, err := l.Conn.Write(p)
	l.wrote.Add(int64(n))
	if err != nil {
		l.writeFailed(err)
	}
	return n, err
}

func (l *link) writeFailed(err error) { l.writeErr.CompareAndSwap(nil, &err) }

// lastWords is how long an answer may still take after the peer has stopped
// listening: what it had said by then (a 413, say) is here or about to be.
const lastWords = time.Second

// hurry is called when a write has failed. A peer that has been silent for the
// whole limit gets no more time.
func (l *link) hurry() {
	l.hurried.Store(true)
	if l.got.Load() > 0 {
		return
	}
	wait := lastWords
	if isDeadline(*l.writeErr.Load()) {
		wait = 0
	}
	_ = l.SetReadDeadline(time.Now().Add(wait))
}

// watch is for a connection that cannot be asked whether bytes are waiting: a
// goroutine reads one while the connection is idle. unwatch waits for it;
// closing the connection ends it too.
func (l *link) watch() {
	if l.probe != nil {
		return
	}
	_ = l.SetReadDeadline(time.Time{})
	ended := make(chan error, 1)
	l.watched = ended
	go func() {
		var one [1]byte
		_, err := l.Conn.Read(one[:])
		ended <- err
	}()
}

// unwatch ends watch and reports whether nothing came meanwhile.
func (l *link) unwatch() bool {
	if l.watched == nil {
		return true
	}
	_ = l.SetReadDeadline(time.Unix(1, 0))
	err := <-l.watched
	l.watched, l.due = nil, time.Time{}
	_ = l.SetReadDeadline(l.due)
	return isDeadline(err)
}
