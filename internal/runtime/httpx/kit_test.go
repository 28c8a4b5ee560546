package httpx

import (
	"errors"
	"io"
	"net/http"
	"testing"
)

// reusable is a body that counts how often it was given back.
type reusable struct {
	io.ReadCloser
	n int
}

func (r *reusable) Reuse() { r.n++ }

// Only what nobody else can look at any more is used again, and the answer only
// where its headers were not kept.
func TestKitPutBack(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		change func(k *kit)
		want   bool
	}{
		{"one request on an idle connection", nil, func(*kit) {}, true},
		{"failed", errors.New("x"), func(*kit) {}, false},
		{"a new connection, or http.Transport's", nil, func(k *kit) { k.first.private = false }, false},
		{"redirected or retried", nil, func(k *kit) { k.hops++ }, false},
		{"sent twice", nil, func(k *kit) { k.wires++ }, false},
		{"under --max-time", nil, func(k *kit) { k.first.cancel = func() {} }, false},
		{"with a body", nil, func(k *kit) { k.req.Body = http.NoBody }, false},
		{"whose answer is kept", nil, func(k *kit) { k.spec.Answer = new(Answer) }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := newKit()
			k.client, k.hops, k.wires = new(Client), 1, 1
			k.first.ex, k.first.private = &k.exchange, true
			var body reusable
			k.first.body.ReadCloser = &body
			test.change(k)
			kept := k.spec.Answer != nil
			k.putBack(test.err)
			if got := k.client == nil && k.first.ex == nil; got != test.want {
				t.Errorf("put back: %v, want %v", got, test.want)
			}
			if got, want := body.n == 1, test.want && !kept; got != want {
				t.Errorf("answer reused: %v, want %v", got, want)
			}
		})
	}
}
