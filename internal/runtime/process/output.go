package process

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// pieceSize is how much of an output is in memory at a time.
const pieceSize = 32 << 10

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// outputs are the pipes between a command in the background and its writers.
// The pipes are our own, because os/exec's wait for every holder of the other
// end, and after its WaitDelay drop what is in them.
type outputs struct {
	streams []*stream
	theirs  []*os.File    // the ends that the command gets; ours until it has started
	failed  chan error    // receives the first failure of each stream
	drained chan struct{} // closed when no stream's goroutine is left
	open    atomic.Int32  // streams whose goroutine has not ended
}

// stream is one output. Its goroutine alone uses the fields until drained.
type stream struct {
	name  string
	from  *os.File
	to    io.Writer // may be nil
	tail  tail
	bytes int64
	err   error
}

func newOutputs() *outputs {
	return &outputs{failed: make(chan error, 2), drained: make(chan struct{})}
}

// add makes a pipe to w and returns the command's end.
func (o *outputs) add(name string, w io.Writer, tailBytes int) (*os.File, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o.streams = append(o.streams, &stream{name: name, from: ours, to: w, tail: tail{limit: tailBytes}})
	o.theirs = append(o.theirs, theirs)
	return theirs, nil
}

// started lets go of the command's ends: from here on they close when the
// last process that has them does.
func (o *outputs) started() {
	for _, f := range o.theirs {
		f.Close()
	}
}

// abandon closes the pipes of a command that never started.
func (o *outputs) abandon() {
	for _, s := range o.streams {
		s.from.Close()
	}
}

// copy starts a goroutine for each stream; finish waits for them.
func (o *outputs) copy() {
	o.open.Store(int32(len(o.streams)))
	if len(o.streams) == 0 {
		close(o.drained)
	}
	for _, s := range o.streams {
		go func() {
			s.err = s.copy()
			s.from.Close() // a command that still writes gets SIGPIPE
			if s.err != nil {
				o.failed <- s.err
			}
			if o.open.Add(-1) == 0 {
				close(o.drained)
			}
		}()
	}
}

// finish hands on what the ended command has written and returns when the
// goroutines have ended, whoever else holds the pipes.
func (o *outputs) finish() {
	for _, s := range o.streams {
		s.from.SetReadDeadline(time.Now()) // fails for one that is closed already
	}
	<-o.drained
}

// copy ends at the end of the pipe, at a failure of the writer (a *SinkError),
// or after finish has set the deadline.
func (s *stream) copy() error {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	for {
		n, err := s.from.Read(piece[:])
		if sinkErr := s.take(piece[:n]); sinkErr != nil {
			return sinkErr
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return s.drain(piece[:])
		}
		if err != nil {
			return nil // io.EOF
		}
	}
}

// drain takes what is in the pipe without waiting for more. What a pipe can
// hold bounds it, so that a process that goes on writing cannot hold it up.
func (s *stream) drain(piece []byte) error {
	for left := maxPipe; left > 0; {
		n := readNow(s.from, piece)
		if n <= 0 {
			break
		}
		if err := s.take(piece[:n]); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

func (s *stream) take(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if s.tail.limit > 0 {
		s.tail.write(p)
	}
	if s.to == nil {
		return nil
	}
	n := 0
	err := asynccore.Catch(func() (err error) {
		n, err = s.to.Write(p)
		return err
	})
	s.bytes += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &SinkError{Stream: s.name, Err: err}
	}
	return nil
}

// err returns the first failure of a writer.
func (o *outputs) err() error {
	for _, s := range o.streams {
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

func (o *outputs) stdoutBytes() int64 {
	for _, s := range o.streams {
		if s.name == "stdout" {
			return s.bytes
		}
	}
	return 0
}

func (o *outputs) stderrTail() []byte {
	for _, s := range o.streams {
		if s.name == "stderr" && s.tail.limit > 0 {
			return s.tail.text()
		}
	}
	return nil
}
