package direct

import (
	"context"
	"sync"
)

// scopes see to it that connections are closed when the context of their
// exchange ends. The zero value is ready to use.
type scopes struct {
	mu     sync.Mutex // guards all below, and all scopes
	recent *scope     // the next exchange is likely to be of it; nil when it has ended
}

// scope holds the exchanges under one context, as those of a batch are. They
// share one registration with it: context.AfterFunc for each costs half a
// microsecond and 100 bytes.
type scope struct {
	done  <-chan struct{}
	stop  func() bool
	holds []*exchange
	ended bool // the context has
}

// LastingKey is for a request's context that is used again when the request is
// over: its Value under this key is a context that ends when it does and is not
// used again.
type LastingKey struct{}

// enter has x's connection aborted when ctx ends, until leave. It returns how many
// others are under ctx now; 0 for one that cannot end.
func (s *scopes) enter(ctx context.Context, x *exchange) (others int) {
	done := ctx.Done()
	if done == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.recent
	if of == nil || of.done != done {
		if lasting, ok := ctx.Value(LastingKey{}).(context.Context); ok && lasting.Done() == done {
			ctx = lasting // the scope may be there for longer than x
		}
		of = &scope{done: done}
		of.stop = context.AfterFunc(ctx, func() { s.end(of) })
		s.recent = of
	}
	x.scope, x.at = of, len(of.holds)
	of.holds = append(of.holds, x)
	return len(of.holds) - 1
}

// leave ends what enter began, and reports whether the connection was left
// alone. The last one ends the scope.
func (s *scopes) leave(x *exchange) bool {
	of := x.scope
	if of == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(of.holds) - 1
	of.holds[x.at] = of.holds[last]
	of.holds[x.at].at = x.at
	of.holds[last] = nil
	of.holds = of.holds[:last]
	x.scope = nil
	if last == 0 && !of.ended {
		of.stop()
		s.forget(of)
	}
	return !of.ended
}

// end is called when the context has ended. Closing interrupts reads and writes
// alike, and no deadline that is renewed at the same moment can undo it.
func (s *scopes) end(of *scope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of.ended = true
	s.forget(of)
	for _, x := range of.holds {
		go x.c.abort() // it may take a while to say goodbye to a proxy
	}
}

func (s *scopes) forget(of *scope) {
	if s.recent == of {
		s.recent = nil
	}
}
