package asynccore

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// ParConfig bounds a ParMap. The zero value is usable.
type ParConfig struct {
	N       int  // functions running at once (0: runtime.GOMAXPROCS(0))
	Ordered bool // results in the order of the source, not of completion

	// Window is the number of items between source and consumer (0: 2*N*Chunk):
	// taken from the one, and its result not yet dealt with by the other. In
	// order, a slow head holds back Window-1 items behind it.
	Window int

	// Chunk items go to a goroutine together (0: 1; at most Window). A
	// function that takes less than some microseconds gains by more, as the
	// way there and back is paid once a chunk. The results of a chunk come
	// together, and it is sent off when it is full or the source ends.
	Chunk int
}

func (c ParConfig) withDefaults() ParConfig {
	if c.N < 1 {
		c.N = runtime.GOMAXPROCS(0)
	}
	c.Chunk = max(c.Chunk, 1)
	if c.Window < 1 {
		c.Window = 2 * c.N * c.Chunk
	}
	c.Chunk = min(c.Chunk, c.Window)
	return c
}

// ParMap is Map with up to c.N calls of fn at once. Each item that is taken
// from the source comes out exactly once, as a value or an error; error items
// of the source pass, in their place if c.Ordered. The source runs on one
// goroutine of its own.
//
// Leaving the loop cancels fn's context, and waits for the calls of fn and for
// the step that the source is in. Once ctx is done no more items are taken and
// no more calls begun; the items already taken come out, those not begun with
// the cause as their error, and the cause is the last item.
//
// A panic of fn or of the source reaches the consumer as a *PanicError in the
// item's place, or as soon as the loop has been left. runtime.Goexit in fn is
// an ErrGoexit item.
func ParMap[T, U any](ctx context.Context, s Stream[T], c ParConfig, fn func(context.Context, T) (U, error)) Stream[U] {
	c = c.withDefaults()
	return func(yield func(U, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		chunks := c.Window / c.Chunk
		r := &parRun[T, U]{
			ParConfig: c,
			ctx:       ctx,
			fn:        fn,
			free:      make(chan *parChunk[T, U], chunks),
			work:      make(chan *parChunk[T, U], chunks),
			done:      make(chan *parChunk[T, U], chunks),
		}
		for range chunks {
			r.free <- new(parChunk[T, U])
		}
		go r.feed(s) // ends last of all and closes done, which is waited for here

		returned := false
		defer func() {
			cancel()
			for range r.done {
			}
			if p := r.panicked.Load(); returned && p != nil {
				panic(p)
			}
		}()
		r.deliver(yield)
		returned = true
	}
}

// parRun is one iteration of a ParMap. A fixed number of chunks goes round:
// free, filled by feed, work, worked on by a worker, done, emptied by deliver,
// and free again. Each channel has room for all of them, so only receiving
// blocks, and the chunks are what bounds the items between source and consumer.
type parRun[T, U any] struct {
	ParConfig
	ctx  context.Context // done when the consumer has left, too
	fn   func(context.Context, T) (U, error)
	free chan *parChunk[T, U]
	work chan *parChunk[T, U]
	done chan *parChunk[T, U]

	workers  sync.WaitGroup // started by feed and by each other; feed waits
	end      error          // the last item; set by feed before it closes done
	panicked atomic.Pointer[PanicError]
}

type parChunk[T, U any] struct {
	seq   int // place in the source, in chunks
	items []parItem[T, U]
	next  int         // items before it are finished
	raise *PanicError // what fn did with items[next]
}

type parItem[T, U any] struct {
	in  T
	out U
	err error
}
