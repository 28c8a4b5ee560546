package httpx

import (
	"net/http"
	"sync"

	"github.com/hashicorp/go-retryablehttp"
)

// kit is what an exchange with one request needs of memory, in one piece, and
// with what is the same for every exchange bound once: 1.5 KiB that nearly all
// tasks take from one another.
type kit struct {
	exchange
	first hop // of the requests; redirects and retries make their own
	req   http.Request
	again retryablehttp.Request
	loop  retryablehttp.Client
	wire  wireReader // of the answer's body
}

var kits = sync.Pool{New: func() any { return newKit() }}

func newKit() *kit {
	k := new(kit)
	k.again.SetResponseHandler(k.consume)
	k.loop.CheckRetry = k.checkRetry
	k.loop.PrepareRetry = k.prepareRetry
	k.loop.Backoff = noBackoff
	k.loop.ErrorHandler = asItIs
	return k
}

// newHop returns a hop for a request that the gate has let through.
func (ex *exchange) newHop(let request) *hop {
	h := &ex.kit.first
	if h.ex != nil {
		h = new(hop)
	}
	h.ex, h.let = ex, let
	return h
}

// putBack gives k, whose exchange has ended with err, to the next one, unless
// somebody may still look at it. http.Transport has goroutines that nobody waits
// for, so have a dial and a request's body; a timer may be about to end a
// context. What is left is the plain case: one request, which the direct
// transport has sent on a connection that was there. The memory of its answer
// goes back, too, unless its headers were kept.
func (k *kit) putBack(err error) {
	if err != nil || k.hops != 1 || k.wires != 1 || !k.first.private || k.first.cancel != nil || k.req.Body != nil {
		return
	}
	if answer, ok := k.first.body.ReadCloser.(interface{ Reuse() }); ok && k.spec.Answer == nil {
		answer.Reuse()
	}
	k.exchange = exchange{}
	k.first = hop{}
	k.req = http.Request{}
	k.wire = wireReader{}
	kits.Put(k)
}
