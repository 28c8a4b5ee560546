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
	guard(
		func() (struct{}, error) {
			fn((*jobContext)(s))
			return struct{}{}, nil
		},
		func(_ struct{}, err error) {
			if err != nil {
				s.scope.r.fail(s, err)
			}
		})
}
