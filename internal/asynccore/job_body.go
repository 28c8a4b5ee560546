package asynccore

import (
	"context"
)

// jobBody is what a job does. run is called once, by a worker or, when the job
// ended before it started, by Runner.resolve. A panic does not leave it.
type jobBody interface{ run(s *Slot) }

// goBody is the function of a job without a handle.
type goBody func(context.Context)

func (fn goBody) run(s *Slot) {
	returned := false
	defer func() { // rather than by guard, whose two closures cost 5 ns
		if returned {
			return
		}
		err := error(ErrGoexit)
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
		s.scope.r.fail(s, err)
	}()
	fn((*jobContext)(s))
	returned = true
}
