package asynccore

import (
	"fmt"
	"sync"
)

// ErrRetryBudget says that a retry was due and allowed by its policy, but that
// the RetryBudget had none left. It is ErrRetriesExhausted to errors.Is.
var ErrRetryBudget = fmt.Errorf("%w: the retry budget is spent", ErrRetriesExhausted)

// RetryBudget keeps retries a small share of all requests, so that an outage is
// not answered by a storm, however many callers each retry a few times (as
// Envoy's retry budget and gRPC's retry throttling do). Any stretch of time with
// n requests sees at most minimum + ratio*n retries: a bucket of minimum
// retries, full at first, into which each request puts ratio and from which
// each retry takes one. It does not fill with time.
//
// Many policies may share one budget: it is safe for concurrent use. A nil
// *RetryBudget never runs out.
type RetryBudget struct {
	ratio, minimum float64

	mu   sync.Mutex // guards left
	left float64
}

// NewRetryBudget returns a full budget. Envoy's ratio is 0.2. A ratio below 0
// is 0, a minimum below 1 is 1: with less no retry could ever be made.
func NewRetryBudget(ratio float64, minimum int) *RetryBudget {
	b := &RetryBudget{ratio: max(ratio, 0), minimum: float64(max(minimum, 1))}
	b.left = b.minimum
	return b
}

// Request notes a first attempt. Retry does so by itself; who calls Next does
// it once for each thing that may be retried.
func (b *RetryBudget) Request() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+b.ratio, b.minimum)
}

// take takes one retry if there is one.
func (b *RetryBudget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
