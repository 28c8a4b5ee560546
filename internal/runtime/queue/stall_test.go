package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// stalling passes bytes between a worker and the server, and holds those to the
// worker back while it is told to.
type stalling struct {
	net.Listener
	held sync.RWMutex // locked while nothing may pass
}

func newStalling(t *testing.T, server string) *stalling {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stalling{Listener: l}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server)
			if err != nil {
				t.Error(err)
				here.Close()
				return
			}
			all.Go(func() {
				_, _ = io.Copy(there, here) // until one of them is closed
				there.Close()
			})
			all.Go(func() {
				defer here.Close()
				b := make([]byte, 64<<10)
				for {
					n, err := there.Read(b)
					s.held.RLock()
					_, err2 := here.Write(b[:n])
					s.held.RUnlock()
					if errors.Join(err, err2) != nil {
						return
					}
				}
			})
		}
	})
	return s
}

// What comes in one burst after a silence of the server, in which the worker has
// asked again, is all taken: none is dropped on the way, to come again only when
// its time is up.
func TestBurst(t *testing.T) {
	s, url := serve(t)
	through := newStalling(t, strings.TrimPrefix(s.ClientURL(), "nats://"))
	var mu sync.Mutex // guards said
	var said []string
	options := Options{URL: url, Getenv: func(string) string { return "" }, Warn: t.Logf, Partitions: 1}
	direct, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(direct.Close)
	options.URL = "nats://" + through.Addr().String()
	options.Warn = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprintf(format, args...))
	}
	q, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	const n = 2000
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var again, taken int
	var work sync.WaitGroup
	ready := make(chan struct{})
	work.Go(func() {
		err := q.Work(ctx, func(context.Context) Taker {
			close(ready)
			return func(m *Message) {
				if meta, err := m.msg.Metadata(); err == nil && meta.NumDelivered > 1 {
					again++
				}
				m.Drop("taken")
				if taken++; taken == n {
					cancel()
				}
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-ready
	time.Sleep(time.Second)
	through.held.Lock()
	p := direct.Publisher("r4")
	for i := range int64(n) {
		if err := p.Task(t.Context(), i, "x", []byte("task")); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // three heartbeats
	through.held.Unlock()
	work.Wait()
	mu.Lock()
	defer mu.Unlock()
	if taken != n || again > 0 || len(said) > 0 {
		t.Errorf("%d tasks of %d, %d of them a second time: %q", taken, n, again, said)
	}
}
