package direct

import (
	"context"
	"os"
	"testing"
	"time"
)

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestDescriptors runs every wire case again, and again with a deadline that
// comes at any moment: no descriptor may stay behind.
func TestDescriptors(t *testing.T) {
	before := descriptors(t)
	t.Run("cases", func(t *testing.T) {
		for _, secure := range []bool{false, true} {
			for _, c := range wireCases {
				cl := clients(t, nil)[0]
				srv := serve(t, secure, c.serve)
				for i := range 5 {
					req := request(t, "GET", srv.url, nil)
					ctx, cancel := context.WithTimeout(req.Context(), time.Duration(i*i)*time.Millisecond/2)
					_ = exchangeError(cl.rt, req.WithContext(ctx))
					cancel()
				}
				cl.rt.(*Transport).CloseIdleConnections()
				waitFor(t, func() bool { return cl.open.Load() == 0 })
			}
		}
	}) // its servers are gone when it returns
	if after := descriptors(t); after > before+2 { // epoll and its wake-up, if these were the first sockets
		t.Errorf("%d descriptors, %d before", after, before)
	}
}
