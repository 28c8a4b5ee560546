package httpx

import (
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/specify-cli/specify/internal/splice"
)

// Bodies are copied through pooled buffers: a small one for what announces to be
// small, which most answers are, a large one for the rest (1 GiB through 256 KiB
// takes half the CPU that it takes through 32 KiB). What is longer than longBody
// goes past this process, where that can be (see package splice).
const (
	smallBody   = 4 << 10
	largeBuffer = 256 << 10
	longBody    = 1 << 20
)

var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, smallBody); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}
)

// A conveyor carries a body to its sink, a piece at a time: next, then pass.
type conveyor struct {
	body   io.Reader
	sink   Sink
	expect *expectation // that looks at it; nil is none

	buf     *[]byte
	buffers *sync.Pool // that buf is from

	pipe *splice.Pipe // for what can go past us, which from tells; nil for most bodies
	from splice.Source
	to   splice.Sink
}

// start readies the conveyor for the body of resp; stop ends it.
func (c *conveyor) start(resp *http.Response) {
	n := resp.ContentLength
	if n > longBody && resp.TLS == nil && (c.expect == nil || c.expect.body == nil) {
		from, undecoded := c.body.(splice.Source)
		to, able := c.sink.(splice.Sink)
		if undecoded && able {
			c.from, c.to = from, to
			c.pipe, _ = splice.New() // without one it goes the other way
		}
	}
	c.buffers = &largeBuffers
	if n >= 0 && n <= smallBody {
		c.buffers = &smallBuffers
	}
	c.buf = c.buffers.Get().(*[]byte)
}

func (c *conveyor) stop() {
	c.buffers.Put(c.buf)
	if c.pipe != nil {
		c.pipe.Close()
	}
}

// next takes a piece of the body, and returns what Read would.
func (c *conveyor) next() (int64, error) {
	if c.pipe != nil {
		if n, err := c.from.Fill(c.pipe, longBody); err != errors.ErrUnsupported {
			return n, err
		}
	}
	n, err := c.body.Read(*c.buf)
	return int64(n), err
}

// pass gives the sink the piece of n bytes at offset that next has taken.
func (c *conveyor) pass(offset, n int64) error {
	if c.pipe != nil && c.pipe.Held() > 0 {
		return c.to.Drain(c.pipe)
	}
	piece := (*c.buf)[:n]
	if _, err := c.sink.Write(piece); err != nil {
		return err
	}
	if c.expect != nil {
		c.expect.see(offset, piece)
	}
	return nil
}
