package httpx

import (
	"errors"
	"net/http"

	"github.com/specify-cli/specify/internal/asynccore"
)

// gated is the RoundTripper that lets no request pass without the gate's leave
// for its origin: the task's first with the slot that it was started with, a
// redirect or a retry with one of the lane that it leads to.
type gated struct{ next http.RoundTripper }

var _ http.RoundTripper = gated{}

func (g gated) RoundTrip(req *http.Request) (*http.Response, error) {
	ex := exchangeOf(req.Context())
	origin := ex.origin
	if req.URL != &ex.spec.URL { // a redirect led here
		origin = Origin(req.URL)
	}
	ex.at = origin
	var lack shortage
	for {
		if !ex.granted || ex.slot.Key() != origin {
			ex.giveBack()
			if err := ex.take(origin); err != nil {
				return nil, err
			}
		}
		ex.granted = false
		let, err := ex.client.gate.enter(origin, ex.finalAttempt(), &ex.failed, ex.booked)
		if _, changed := errors.AsType[*asynccore.OpenError](err); changed {
			continue // the breaker opened between the grant and now: back to the lane
		}
		if err != nil {
			return nil, err
		}
		ex.hop = ex.newHop(let)
		ex.hops++
		ex.rec.Attempts = ex.before + ex.attempt
		resp, err := g.next.RoundTrip(req)
		if err == nil || !isShortage(err) {
			return resp, err
		}
		ex.hops--
		if req, err = lack.again(ex, req, err); err != nil {
			return nil, err
		}
	}
}
