package ops

import (
	"sync/atomic"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/splice"
)

// Transfer is how far the body of a fetch has come. The zero value has not
// begun; it is safe for concurrent use.
type Transfer struct{ done, total atomic.Int64 }

// Bytes are how many have been written, decoded, and how many there will be: -1
// when that is not known.
func (t *Transfer) Bytes() (done, total int64) {
	if total = t.total.Load(); total == 0 {
		total = -1
	}
	return t.done.Load(), total
}

// Announce tells of an answer with so many more bytes, -1 when it does not say.
func (t *Transfer) Announce(more int64) {
	total := int64(-1)
	if more >= 0 {
		total = t.done.Load() + more
	}
	t.total.Store(total)
}

var (
	_ httpx.Announcer = watched{}
	_ splice.Sink     = watchedSink{}
)

// watchedBy is the output with its progress told to t.
func (o opened) watchedBy(t *Transfer) opened {
	if o.found != nil {
		t.done.Store(o.found.Bytes)
	}
	w := watched{o.Output, t}
	if to, ok := o.Output.(splice.Sink); ok {
		o.Output = watchedSink{w, to}
	} else {
		o.Output = w
	}
	return o
}

// watched counts what goes to an output.
type watched struct {
	files.Output
	*Transfer
}

func (w watched) Write(p []byte) (int, error) {
	n, err := w.Output.Write(p)
	w.done.Add(int64(n))
	return n, err
}

func (w watched) Rewind(offset int64) error {
	err := w.Output.Rewind(offset)
	if err == nil {
		w.done.Store(offset)
	}
	return err
}

// watchedSink is one of an output that a pipe can be drained to.
type watchedSink struct {
	watched
	to splice.Sink
}

func (w watchedSink) Drain(p *splice.Pipe) error {
	held := p.Held()
	err := w.to.Drain(p)
	w.done.Add(held - p.Held())
	return err
}
