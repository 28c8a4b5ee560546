package direct

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/specify-cli/specify/internal/splice"
)

// body is the answer's body. Reading it to io.EOF, or closing it, ends the
// exchange. Close may be called from another goroutine than Read, and
// interrupts it.
type body struct {
	x   *exchange
	src io.Reader // framed: it ends where the body does

	closing atomic.Bool

	mu  sync.Mutex // held while reading; guards err
	err error      // what reads return from now on; nil while there may be more

	own  sync.Mutex // guards open
	open bool       // the connection is still this body's
}

var _ splice.Source = (*body)(nil)

// Read reads straight into p when it is at least as large as the connection's
// buffer (4 KiB).
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.src.Read(p)
	if err != nil {
		b.finish(err)
		err = b.err
	}
	return n, err
}

// Fill moves what comes next into p, if the body is of an announced length, on a
// plain connection.
func (b *body) Fill(p *splice.Pipe, max int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	src, ok := b.src.(*sized)
	if !ok || b.closing.Load() || b.err != nil {
		return 0, errors.ErrUnsupported // Read says what there is to say
	}
	n, err := src.fill(b.x.c, p, max)
	if err != nil && err != errors.ErrUnsupported {
		b.finish(err)
		err = b.err
	}
	return n, err
}

// finish ends the exchange; err is io.EOF when the body was read in full. It
// is called once, with mu held.
func (b *body) finish(err error) {
	b.own.Lock()
	b.open = false
	b.own.Unlock()
	if c := b.x.c; err == io.EOF && c.state != nil && c.link.fin {
		// crypto/tls takes a FIN for the end, though only a close_notify ends the
		// data: a body that lasts until then may have been cut (RFC 9112 §9.8).
		err = io.ErrUnexpectedEOF
	}
	b.err = err
	switch {
	case err == io.EOF:
		b.x.end(true)
	case b.closing.Load():
		b.x.end(false)
		b.err = http.ErrBodyReadAfterClose
	default:
		b.err = b.x.fail(err, nil)
	}
}

// maxDrain is how much of an unread body Close takes off a connection to keep
// it, of what has come already: Close never waits for the server.
const maxDrain = 64 << 10

// Close ends the exchange. It returns nil.
func (b *body) Close() error {
	b.closing.Store(true)
	if !b.mu.TryLock() {
		b.interrupt()
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.err != nil {
		return nil
	}
	link := b.x.c.link
	link.noWait = true
	_, err := io.CopyN(io.Discard, b.src, maxDrain)
	link.noWait = false
	if err != io.EOF {
		err = http.ErrBodyReadAfterClose
	}
	b.finish(err)
	return nil
}

// Reuse gives the memory of the answer, with its header and this body, to an
// exchange to come. It is for a caller who has closed the body and left the header
// as it was, and who knows that nobody looks at any of it again, nor ever closes
// the body once more; it saves half of the garbage of a small answer.
func (b *body) Reuse() { b.x.reuse() }

// interrupt wakes a Read in another goroutine. The connection may have gone
// back to the pool by now; then it must be left alone.
func (b *body) interrupt() {
	b.own.Lock()
	defer b.own.Unlock()
	if b.open {
		b.x.c.abort()
	}
}
