package direct

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// upload sends one request whose body may take its time, so that an answer
// which comes early (a 413, an echo) is read meanwhile. It goes on while the
// answer's body is being read, and is stopped with it.
type upload struct {
	src   *source
	own   atomic.Pointer[error]     // the failure that the request brought along itself
	ended atomic.Pointer[time.Time] // when the last byte was written; nil before
	done  chan struct{}             // closed when the goroutine is over
	sent  bool                      // all of it went out; read it after done
}

// settleTime is how long the end of an answer waits for the end of the
// request, as long as net/http does. A server that has answered in full has
// nearly always read in full; what is missing then is only our goroutine's
// turn.
const settleTime = 50 * time.Millisecond

// startUpload sends req over c from a goroutine of its own. whole and stop
// wait for it.
func startUpload(c *conn, req *http.Request) *upload {
	u := &upload{src: &source{body: req.Body}, done: make(chan struct{})}
	out := *req
	out.Body = u.src
	c.link.upload = u
	go func() {
		defer close(u.done)
		err := c.write(&out)
		now := time.Now()
		u.ended.Store(&now)
		switch {
		case err == nil:
			u.sent = true
		case u.src.err != nil:
			u.own.Store(&u.src.err)
			c.abort() // the server waits for the rest of a body that does not come
		case c.link.writeErr.Load() == nil:
			u.own.Store(&err) // the body does not fit its Content-Length, say
			c.abort()
		default:
			c.link.hurry()
		}
	}()
	return u
}

// whole reports whether the request went out in full.
func (u *upload) whole() bool { return u == nil || u.wait() && u.sent }

// stop ends the goroutine: the connection must have been aborted. A body whose
// Read does not return when it is closed keeps it until then.
func (u *upload) stop() {
	if u == nil {
		return
	}
	_ = u.src.Close()
	u.wait()
}

// cause is the failure that the caller's request brought along, or nil. It must
// be asked before stop, which makes the body's Read fail.
func (u *upload) cause() error {
	if u == nil {
		return nil
	}
	if err := u.own.Load(); err != nil {
		return *err
	}
	return nil
}

func (u *upload) wait() bool {
	select {
	case <-u.done:
		return true
	default:
	}
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-u.done:
		return true
	case <-timer.C:
		return false
	}
}

// source is the request's body. Request.Write wraps its read errors in a type
// that does not unwrap, so the first is kept here. Closing it more than once,
// from several goroutines, closes the body once.
type source struct {
	body   io.ReadCloser
	err    error // for the goroutine that reads
	once   sync.Once
	closed error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return n, err
}

func (s *source) Close() error {
	s.once.Do(func() { s.closed = s.body.Close() })
	return s.closed
}
