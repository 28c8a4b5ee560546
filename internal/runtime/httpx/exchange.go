package httpx

import (
	"context"
	"net/http"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
	"github.com/specify-cli/specify/internal/task"
)

// exchange is the state of one task on its way through the layers. It is the
// context of its requests, and belongs to one goroutine at a time: the task's.
type exchange struct {
	context.Context // the task's; its end is not the origin's fault

	kit    *kit // that it is a part of
	client *Client
	spec   Exchange
	rec    *task.Record
	slot   *asynccore.Slot
	policy asynccore.RetryPolicy

	hop     *hop          // the request being sent
	before  int           // attempts that other mirrors have had
	attempt int           // attempts begun, redirects within one not counted
	hops    int           // requests that the gate let through
	wires   int           // requests that were put on a connection, as far as can be seen
	began   time.Time     // of the first attempt
	booked  time.Time     // up to when the task's time is in the record's timing
	maxTime time.Duration // an attempt; 0 is none
	spent   time.Duration // of maxTime, by the hops of this attempt
	header  http.Header   // of the request being sent; shared, so it is replaced and not changed

	origin       string        // of the first URL: where retries go
	host         *Host         // of that origin; nil when it has none
	at           string        // the origin of the last request
	last         error         // what the attempt before ended with; nil in the first
	failed       lastFailure   // for the gate
	attemptBegan time.Time     // of the attempt under way
	verdict      error         // what the task ends with when the last attempt's error is not what tells
	retryAfter   time.Duration // what the last answer asked for; 0 is nothing
	part         *part         // the beginning of the body, which the next request goes on with; nil is nothing
	expect       *expectation  // nil is none
	wait         time.Duration // decided pause before the next attempt
	retryAt      string        // where it counts as on its way to a retry; empty when it does not

	granted  bool // the slot was granted for a request that has not been sent
	sent     bool // the attempt got a connection: the server may have seen it
	strayed  bool // a redirect left the first origin: nothing of the user's is sent any more
	consumed bool // the body of the attempt's answer was read
	refused  bool // a request for the rest got something else: there is no other in this task
}

type exchangeKey struct{}

// Value gives the exchange away. That it is a context itself saves one.
func (ex *exchange) Value(key any) any {
	switch key {
	case exchangeKey{}:
		return ex
	case direct.LastingKey{}: // the exchange goes to another task, with its kit
		return ex.Context
	}
	return ex.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange {
	ex, ok := ctx.(*exchange)
	if !ok {
		ex, _ = ctx.Value(exchangeKey{}).(*exchange)
	}
	return ex
}

// judge says what an answer tells of its origin, and obeys its Retry-After: a
// 429, or a 503 that names a time, pauses the whole origin (RFC 6585 §4,
// RFC 9110 §15.6.4).
func (ex *exchange) judge(resp *http.Response) verdict {
	status := resp.StatusCode
	var wait time.Duration
	asked := false
	if value := first(resp.Header, "Retry-After"); value != "" {
		wait, asked = asynccore.ParseRetryAfter(value, time.Now())
	}
	ex.retryAfter = wait
	if ex.spec.Accept(status) {
		return success
	}
	switch {
	case status == http.StatusTooManyRequests:
		if !asked {
			wait = ex.policy.Base
		}
		ex.hop.let.pause(time.Now().Add(wait))
		return throttled
	case status == http.StatusServiceUnavailable:
		if asked {
			ex.hop.let.pause(time.Now().Add(wait))
		}
		return unwell
	case status >= 500:
		return failure
	}
	return success
}

// giveBack releases the slot: the task is going to wait.
func (ex *exchange) giveBack() {
	ex.slot.Release()
	ex.granted = false
}

// take gets a slot in the lane of origin, and books the time that it took: what
// the origin itself held back by reason, the rest as queue. A retry gives up,
// with the error of the attempt before, when its policy's time is over.
func (ex *exchange) take(origin string) error {
	gate, ctx := ex.client.gate, ex.spec.Stop
	retry := ex.last != nil
	if retry && ex.policy.MaxTime > 0 && ex.policy.MaxTime != ex.spec.Task.Timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, ex.began.Add(ex.policy.MaxTime), ex.last)
		defer cancel()
	}
	began, before := time.Now(), gate.Mark(origin)
	gate.standing(origin, retry, +1)
	err := ex.slot.Acquire(ctx, origin)
	gate.standing(origin, retry, -1)
	ex.bookWait(origin, began, time.Now(), before)
	ex.granted = err == nil
	return err
}
