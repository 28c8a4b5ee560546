package direct

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

// idleConn is a connection that only tells whether it was closed.
type idleConn struct {
	net.Conn
	closed atomic.Bool
}

func (c *idleConn) Close() error                    { c.closed.Store(true); return nil }
func (c *idleConn) Read([]byte) (int, error)        { select {} }
func (c *idleConn) SetReadDeadline(time.Time) error { return nil }

func newIdle(o origin) *conn {
	l := &link{Conn: &idleConn{}, probe: new(probe)} // with a probe it is not watched
	return newConn(o, l, l)
}

func closed(c *conn) bool { return c.link.Conn.(*idleConn).closed.Load() }

// TestPoolModel compares the pool with a list of what it should hold.
func TestPoolModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pool{perHost: rapid.IntRange(-1, 3).Draw(t, "perHost"), total: rapid.IntRange(-1, 5).Draw(t, "total")}
		var model, out []*conn // idle, oldest first; taken by a caller
		var origins []origin   // more than there are shelves for
		for host := range strings.SplitSeq("abcdefgh", "") {
			origins = append(origins, origin{host: host}, origin{host: host, tls: true})
		}
		count := func(o origin) (n int) {
			for _, c := range model {
				if c.origin == o {
					n++
				}
			}
			return n
		}
		put := func(c *conn) {
			kept := p.put(c)
			want := p.total > 0 && count(c.origin) < p.perHost
			if kept != want || closed(c) == want {
				t.Fatalf("put: kept %v, closed %v, want kept %v", kept, closed(c), want)
			}
			if !want {
				return
			}
			if len(model) == p.total {
				if !closed(model[0]) {
					t.Fatal("the oldest was not closed to make room")
				}
				model = model[1:]
			}
			model = append(model, c)
		}
		t.Repeat(map[string]func(*rapid.T){
			"new": func(t *rapid.T) { put(newIdle(rapid.SampledFrom(origins).Draw(t, "origin"))) },
			"back": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip()
				}
				c := out[0]
				out = out[1:]
				put(c)
			},
			"get": func(t *rapid.T) {
				o := rapid.SampledFrom(origins).Draw(t, "origin")
				if len(model) > 0 && rapid.Bool().Draw(t, "there") {
					o = rapid.SampledFrom(model).Draw(t, "conn").origin
				}
				var want *conn
				for _, c := range model {
					if c.origin == o {
						want = c
					}
				}
				got := p.get(o, time.Now())
				if got != want {
					t.Fatalf("get %v: %p, want the newest, %p", o, got, want)
				}
				if got != nil {
					model = slices.DeleteFunc(model, func(c *conn) bool { return c == got })
					out = append(out, got)
				}
			},
			"closeAll": func(t *rapid.T) {
				p.closeAll()
				for _, c := range model {
					if !closed(c) {
						t.Fatal("closeAll left a connection open")
					}
				}
				model = nil
				if c := newIdle(origins[0]); p.put(c) || !closed(c) {
					t.Fatal("closeAll let a connection in afterwards")
				}
				p.get(origin{host: "none"}, time.Now()) // a request opens the pool again
			},
			"": func(t *rapid.T) {
				if p.count != len(model) {
					t.Fatalf("%d idle, want %d", p.count, len(model))
				}
				c := p.oldest
				for _, want := range model {
					if c != want || closed(c) {
						t.Fatal("the order by age is wrong, or a connection in the pool is closed")
					}
					c = c.newer
				}
				n := 0
				for o, s := range p.shelves {
					for _, c := range s.idle {
						if c.origin != o || c.shelf != s {
							t.Fatalf("a connection to %v is kept as one to %v", c.origin, o)
						}
						n++
					}
				}
				if n != len(model) {
					t.Fatalf("%d by origin, want %d", n, len(model))
				}
				if most := max(0, 2*p.total) + 1; len(p.shelves) > most {
					t.Fatalf("%d shelves, want at most %d", len(p.shelves), most)
				}
			},
		})
	})
}

// TestIdleTimeout shows that connections leave by themselves, each in its
// time, and that no timer stays behind.
func TestIdleTimeout(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		p := &pool{perHost: 9, total: 9, timeout: 90 * time.Second}
		a, b := newIdle(origin{host: "a"}), newIdle(origin{host: "b"})
		p.put(a)
		time.Sleep(30 * time.Second)
		p.put(b)
		time.Sleep(60*time.Second - time.Nanosecond)
		if closed(a) || closed(b) {
			t.Error("closed early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !closed(a) || closed(b) {
			t.Errorf("after 90s: a closed %v, b closed %v, want only a", closed(a), closed(b))
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if !closed(b) || p.sweeper != nil || p.count != 0 {
			t.Errorf("after 120s: b closed %v, timer %v, %d idle", closed(b), p.sweeper, p.count)
		}
	})
}

// TestExpired shows that a connection past its time is not handed out, even
// when the timer is late.
func TestExpired(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		p := &pool{perHost: 9, total: 9, timeout: time.Second}
		c := newIdle(origin{host: "a"})
		p.put(c)
		p.sweeper.Stop()
		time.Sleep(time.Second)
		if p.get(c.origin, time.Now()) != nil {
			t.Error("got an expired connection")
		}
		p.sweeper = nil
		p.closeAll()
		if !closed(c) {
			t.Error("not closed")
		}
	})
}
