package asynccore

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/puddle/v2"
)

// PoolConfig says what a ResourcePool holds. Max and New are required.
type PoolConfig[T any] struct {
	Max int // resources that exist at once, those being made or closed included; at least 1
	// New makes a resource. It runs on a goroutine of the pool, with the values
	// of the Acquire that needed it but not its end: a caller may stop waiting,
	// and the resource then goes to the next one. Its context ends with Close.
	New func(ctx context.Context) (T, error)
	// Close cleans a resource up, exactly once (nil: nothing to do). It runs on a
	// goroutine of the pool; ResourcePool.Close waits for it and returns its error.
	Close func(T) error
	// Healthy is asked before a resource is lent out again; one that is not is
	// closed and another taken (nil: all are healthy).
	Healthy func(T) bool
	// IdleTimeout is after how long without use a resource is closed (0: never).
	IdleTimeout time.Duration
}

// ResourcePool lends out at most Max resources, made when needed and reused,
// the one used last first. Those who wait are served in order. A panic in New
// or Close becomes a *PanicError, runtime.Goexit ErrGoexit. It is safe for
// concurrent use; its owner calls Close.
type ResourcePool[T any] struct {
	cfg  PoolConfig[T]
	pool *puddle.Pool[*pooled[T]]

	closing context.Context // ends with ErrClosed
	begin   context.CancelCauseFunc
	closed  chan struct{} // closed when the last resource has been

	alive atomic.Int64 // resources being made, made or being closed

	// mu guards the fields below.
	mu      sync.Mutex
	ending  bool        // Close has been called
	reaper  *time.Timer // nil while no idle resource can expire
	errs    []error     // of Close, the first maxCloseErrors
	dropped int         // further ones
}

// NewResourcePool returns an empty pool. It panics without New or with Max
// below 1: these are errors of the program.
func NewResourcePool[T any](cfg PoolConfig[T]) *ResourcePool[T] {
	if cfg.New == nil || cfg.Max < 1 {
		panic("asynccore: a ResourcePool needs New and a Max of at least 1")
	}
	p := &ResourcePool[T]{cfg: cfg, closed: make(chan struct{})}
	p.closing, p.begin = context.WithCancelCause(context.Background())
	pool, err := puddle.NewPool(&puddle.Config[*pooled[T]]{
		Constructor: p.open,
		Destructor:  p.destroy,
		MaxSize:     int32(min(cfg.Max, 1<<30)),
	})
	if err != nil {
		panic(err) // MaxSize is checked above
	}
	p.pool = pool
	return p
}

// Use calls fn with a resource and returns it on every path. A resource that a
// panic or runtime.Goexit left in an unknown state is discarded; after an error
// it is Healthy that decides. The error is Acquire's or fn's.
func (p *ResourcePool[T]) Use(ctx context.Context, fn func(context.Context, T) error) error {
	l, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer l.Discard() // does nothing once released
	err = fn(ctx, l.Value())
	l.Release()
	return err
}

// PoolStats is a snapshot of a ResourcePool.
type PoolStats struct {
	Max      int
	Out      int   // lent out
	Idle     int   // ready
	Making   int   // in New
	Acquired int64 // leases given so far
	Waited   int64 // of these, such as had to wait for a resource to be made or returned
}

// Stats returns a snapshot.
func (p *ResourcePool[T]) Stats() PoolStats {
	s := p.pool.Stat()
	return PoolStats{
		Max:      p.cfg.Max,
		Out:      int(s.AcquiredResources()),
		Idle:     int(s.IdleResources()),
		Making:   int(s.ConstructingResources()),
		Acquired: s.AcquireCount(),
		Waited:   s.EmptyAcquireCount(),
	}
}
