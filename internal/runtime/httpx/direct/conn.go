package direct

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/splice"
)

// origin is the key of the idle pool. Two spellings of one host (upper case,
// an explicit default port) are two origins, which costs a connection and
// nothing else.
type origin struct {
	tls  bool
	host string // URL.Host as it stands
}

// conn is one connection. It belongs to one exchange at a time, or to the
// pool.
type conn struct {
	origin origin
	link   *link
	rw     net.Conn             // the link, or the *tls.Conn above it
	state  *tls.ConnectionState // nil for plain connections
	br     *bufio.Reader        // over conn.Read; nil in the pool, where nothing may be unread

	sealed     *[]byte // a plain request under TLS; nil when it has had none since rest
	reused     bool
	headerLeft int64 // bytes that the header may still take; negative: not in a header
	readErr    error // what ended the reading of this answer; no read is tried after it

	// Guarded by pool.mu, while in the pool.
	shelf        *shelf // of its origin; nil until it is idle for the first time
	idleSince    time.Time
	older, newer *conn
}

// readerSize is small on purpose: a body is read past the buffer as soon as
// the caller's own is at least this large.
const readerSize = 4 << 10

// readers are those that no exchange needs: an idle connection costs about
// 1 KiB without one, so that a list which goes round among thousands of origins
// can keep a connection to each.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readerSize) }}

func newConn(o origin, l *link, rw net.Conn) *conn {
	return &conn{origin: o, link: l, rw: rw, headerLeft: -1}
}

// rest takes from c what only an exchange needs. Nothing may read c any more.
func (c *conn) rest() {
	c.br.Reset(nil)
	readers.Put(c.br)
	c.br = nil
	if c.sealed != nil {
		sealedRequests.Put(c.sealed)
		c.sealed = nil
	}
}

// Read reads decrypted bytes, and within a header no more than it may take.
func (c *conn) Read(p []byte) (int, error) {
	if c.readErr != nil {
		return 0, c.readErr // bufio and textproto forget an error and ask again
	}
	if c.headerLeft == 0 {
		return 0, errHeaderTooLarge
	}
	if c.headerLeft > 0 && int64(len(p)) > c.headerLeft {
		p = p[:c.headerLeft]
	}
	n, err := c.rw.Read(p)
	if c.link.held != nil {
		n, err = 0, errUnasked // the request has not gone out: this is no answer to it
	}
	if c.headerLeft > 0 {
		c.headerLeft -= int64(n)
	}
	if err != nil {
		c.readErr = err
	}
	return n, err
}

// fill reads a part of a body into a pipe. That takes a plain connection, and
// nothing that was read ahead.
func (c *conn) fill(p *splice.Pipe, max int64) (int64, error) {
	switch {
	case c.state != nil || c.br.Buffered() > 0:
		return 0, errors.ErrUnsupported
	case c.readErr != nil:
		return 0, c.readErr
	}
	n, err := c.link.fill(p, max)
	if err != nil && err != errors.ErrUnsupported {
		c.readErr = err
	}
	return n, err
}

// begin prepares a connection, new or from the pool, for a request now. It reports
// false when bytes came in that nobody asked for or the peer has closed: they
// must not be taken for the answer to this request (RFC 9112 §9). For TLS the
// read goes through crypto/tls, which may hold such bytes itself, and which
// takes a session ticket for what it is. For a request that goes out in one turn
// its first Read finds out.
func (c *conn) begin(inTurn bool, now time.Time) bool {
	if !c.link.unwatch() {
		return false
	}
	c.link.begin(inTurn, now)
	c.readErr = nil
	if c.reused && !inTurn {
		var one [1]byte
		c.link.noWait = true
		n, err := c.rw.Read(one[:])
		c.link.noWait = false
		if n > 0 || err != errNothingYet {
			return false
		}
	}
	c.br = readers.Get().(*bufio.Reader)
	c.br.Reset(c)
	return true
}

// sealedRequests are buffers for what TLS makes of a plain request.
var sealedRequests = sync.Pool{New: func() any { return new([]byte) }}

var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4<<10) }}

// write sends the request, its body included.
func (c *conn) write(req *http.Request) error {
	bw := writers.Get().(*bufio.Writer)
	bw.Reset(c.rw)
	err := req.Write(bw)
	if err == nil {
		err = bw.Flush()
	}
	bw.Reset(nil)
	writers.Put(bw)
	return err
}

// inTurn reports whether a plain request on c goes out in one turn with the read
// of its answer.
func (c *conn) inTurn() bool { return c.link.probe != nil }

// writePlain sends what plainRequest.of has made, at the latest when the answer is
// read; request must be left alone until then.
func (c *conn) writePlain(request []byte) error {
	switch {
	case !c.inTurn():
		_, err := c.rw.Write(request)
		return err
	case c.state == nil:
		c.link.hold(request, c.reused)
		return nil
	}
	c.sealed = sealedRequests.Get().(*[]byte)
	c.link.hold((*c.sealed)[:0], c.reused)
	c.link.holding = true
	_, err := c.rw.Write(request)
	c.link.holding = false
	*c.sealed = c.link.held
	return err
}

// close says goodbye to the peer (TLS close_notify).
func (c *conn) close() { _ = c.rw.Close() }

// abort ends the connection at once, whatever reads and writes it. It may be
// called from any goroutine, as long as the connection is the caller's.
func (c *conn) abort() { _ = c.link.Close() }
