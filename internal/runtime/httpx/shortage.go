package httpx

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// The wait for descriptors begins at firstShortWait and doubles. The requests
// that hold them may be done at any moment, so it stays short.
const (
	firstShortWait = 5 * time.Millisecond
	lastShortWait  = 500 * time.Millisecond
)

// shortage is the state of one request's wait for descriptors or buffers of our
// own. The zero value is that of a request which has not met a lack of them.
type shortage struct{ wait time.Duration }

// again waits, with no slot held, after a request that came to nothing for a
// shortage, and returns the request to send instead. Idle connections are
// closed: their descriptors are what is lacking. It returns err when the
// request cannot be sent again or the task has no more time.
func (s *shortage) again(ex *exchange, req *http.Request, err error) (*http.Request, error) {
	c := ex.client
	c.short.Do(func() { c.cfg.Hooks.shortage(plain(err)) })
	if budget := ex.policy.MaxTime; budget > 0 && time.Since(ex.began) > budget {
		return nil, err
	}
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, err
		}
		body, bodyErr := req.GetBody()
		if bodyErr != nil {
			return nil, errors.Join(err, bodyErr)
		}
		copied := *req
		req, copied.Body = &copied, body
	}
	ex.giveBack()
	c.Close()
	s.wait = min(max(2*s.wait, firstShortWait), lastShortWait)
	timer := time.NewTimer(s.wait/2 + rand.N(s.wait/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return req, nil
	case <-ex.spec.Stop.Done():
		return nil, context.Cause(ex.spec.Stop)
	case <-ex.Context.Done():
		return nil, context.Cause(ex.Context)
	}
}
