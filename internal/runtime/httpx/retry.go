package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx/route"
	"github.com/specify-cli/specify/internal/task"
)

// do runs the attempts of the request. go-retryablehttp turns the wheel; whether
// to go on, for how long to wait and what an attempt's end is, is decided here.
// Each exchange has a client of its own for it, because its hooks are not told
// which request they are asked about.
func (ex *exchange) do() error {
	loop := &ex.kit.loop // without its Logger, which logs URLs, secrets and all
	loop.HTTPClient, loop.RetryMax = ex.client.http, ex.policy.Max
	ex.start()
	_, err := loop.Do(&ex.kit.again)
	ex.noLongerRetrying()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ex.Context); cause != nil {
		return cause
	}
	return plain(err)
}

// noBackoff and asItIs leave go-retryablehttp without a say of its own.
func noBackoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 }

func asItIs(resp *http.Response, err error, _ int) (*http.Response, error) { return resp, err }

// start begins an attempt.
func (ex *exchange) start() {
	ex.attempt++
	ex.sent, ex.consumed, ex.spent, ex.retryAfter = false, false, 0, 0
	ex.header, ex.strayed = ex.spec.header, false
	ex.spec.Answer.begin(ex)
}

// checkRetry is asked twice about an answer: with its headers, when the body is
// always to be read first, and with what became of the body; and once about a
// request that got no answer.
func (ex *exchange) checkRetry(_ context.Context, resp *http.Response, err error) (bool, error) {
	if resp != nil && err == nil && !ex.consumed {
		return false, nil
	}
	if err == nil {
		return false, nil
	}
	err = plain(err)
	ex.noLongerRetrying()
	wait, reason, again := ex.decide(err)
	if !again {
		return false, ex.verdict
	}
	ex.wait, ex.last = wait, err
	ex.rec.Retries = append(ex.rec.Retries, task.Retry{
		Status: statusOf(err), Error: errorOf(err), Duration: time.Since(ex.attemptBegan), Wait: wait, Reason: reason,
	})
	ex.retryAt = ex.at // a redirect may have led elsewhere than the retry begins
	ex.client.gate.retrying(ex.retryAt, +1)
	ex.client.cfg.Hooks.retrying(ex.Context, RetryEvent{ex.rec.URL, ex.attempt, wait, reason, err})
	ex.giveBack() // nobody holds a slot while waiting
	return true, nil
}

// prepareRetry waits. The wait is ours rather than go-retryablehttp's Backoff,
// because ours ends when the origin is given up, and because a task must stand
// in line for a slot afterwards.
func (ex *exchange) prepareRetry(*http.Request) error {
	err := ex.client.gate.sleep(ex.spec.Stop, ex.retryAt, ex.wait)
	ex.book(&ex.rec.Timing.Backoff, time.Now())
	if err != nil {
		return err
	}
	if err := ex.take(ex.origin); err != nil {
		return err
	}
	ex.attemptBegan = time.Now()
	ex.start()
	return nil
}

func (ex *exchange) noLongerRetrying() {
	if ex.retryAt != "" {
		ex.client.gate.retrying(ex.retryAt, -1)
		ex.retryAt = ""
	}
}

// decide says whether the attempt that ended with err is followed by another,
// after what wait, and what set the wait. When a Retry-After forbids another,
// ex.verdict becomes the error that the task ends with.
func (ex *exchange) decide(err error) (wait time.Duration, reason string, again bool) {
	if context.Cause(ex.Context) != nil || !ex.curable(err) || !ex.repeatable() {
		return 0, "", false
	}
	if ex.spec.Stop.Err() != nil {
		ex.verdict = context.Cause(ex.spec.Stop)
		return 0, "", false
	}
	wait, stop := ex.policy.Next(ex.attempt, ex.retryAfter, time.Since(ex.began))
	if _, tooLong := errors.AsType[*asynccore.RetryAfterError](stop); tooLong {
		ex.verdict = &RetryAfterError{Origin: ex.at, Wait: ex.retryAfter}
	}
	if stop != nil {
		return 0, "", false
	}
	if deadline, ok := ex.spec.Stop.Deadline(); ok && ex.retryAfter > 0 && time.Now().Add(wait).After(deadline) {
		ex.verdict = &RetryAfterError{Origin: ex.at, Wait: ex.retryAfter}
		return 0, "", false
	}
	if ex.spec.Sink.Rewind(ex.kept()) != nil { // only now: what the last attempt left is the caller's
		return 0, "", false // what broke is on a pipe already: the error that broke it stands
	}
	if ex.retryAfter > 0 && wait == ex.retryAfter {
		return wait, "retry_after", true
	}
	return wait, "backoff", true
}

// curable reports whether waiting may cure what an attempt ended with.
func (ex *exchange) curable(err error) bool {
	if status := statusOf(err); status != 0 {
		return ex.client.cfg.RetryOn.Has(status) || ex.client.cfg.RetryAll && status >= 400
	}
	if refused, ok := errors.AsType[*route.ProxyError](err); ok && refused.Status != 0 {
		return ex.client.cfg.RetryOn.Has(refused.Status) || ex.client.cfg.RetryAll
	}
	switch kind := Classify(err); kind {
	case task.ErrCertificate, task.ErrDeniedAddress, task.ErrRedirectLimit, task.ErrRedirectDenied, task.ErrTooLarge,
		task.ErrOutput, task.ErrOutputCollision, task.ErrInput, task.ErrCanceled, task.ErrCircuitOpen, task.ErrRetryAfter:
		return false
	case task.ErrDNS:
		dns, ok := errors.AsType[*net.DNSError](err)
		return ex.client.cfg.RetryAll || ok && !dns.IsNotFound
	case task.ErrTLS:
		return ex.client.cfg.RetryAll || isClosed(err)
	case task.ErrBadResponse:
		_, broken := errors.AsType[*BodyError](err)
		return ex.client.cfg.RetryAll || broken
	}
	return true
}

var idempotent = []string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"} // RFC 9110 §9.2.2

// repeatable reports whether the request may be sent again at all.
func (ex *exchange) repeatable() bool {
	return ex.idempotent() || !ex.sent
}

// Idempotent reports whether a request with that method may be sent twice.
func Idempotent(method string) bool { return slices.Contains(idempotent, method) }

func (ex *exchange) idempotent() bool {
	return ex.client.cfg.RetryUnsafe || Idempotent(ex.rec.Method) || ex.spec.header.Get("Idempotency-Key") != ""
}

// finalAttempt reports whether a failure of the attempt under way speaks for an
// outage: it is a retry, or the task does not retry at all.
func (ex *exchange) finalAttempt() bool {
	return ex.attempt > 1 || ex.policy.Max == 0 || !ex.idempotent()
}

func statusOf(err error) int {
	if s, ok := errors.AsType[*StatusError](err); ok {
		return s.Status
	}
	return 0
}

// errorOf returns the type of an attempt's error, or "" for a status.
func errorOf(err error) task.ErrorType {
	if statusOf(err) != 0 {
		return ""
	}
	return Classify(err)
}
