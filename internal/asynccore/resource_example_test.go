package asynccore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// echoServer sends back each line that it gets, on any number of connections.
func echoServer() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { // ends when the listener is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends when the client closes
				defer conn.Close()
				lines := bufio.NewScanner(conn)
				for lines.Scan() {
					fmt.Fprintln(conn, lines.Text())
				}
			}()
		}
	}()
	return l
}

// query sends a line and returns the answer.
func query(conn net.Conn, line string) (string, error) {
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return answer, err
}

// A hundred queries over two connections.
func Example_connectionPool() {
	server := echoServer()
	defer server.Close()
	var dialed atomic.Int64
	pool := asynccore.NewResourcePool(asynccore.PoolConfig[net.Conn]{
		Max: 2,
		New: func(ctx context.Context) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", server.Addr().String())
		},
		Close: net.Conn.Close,
	})

	ctx := context.Background()
	answers, err := asynccore.GatherEach(ctx, 10, make([]string, 100), func(ctx context.Context, _ string) (answer string, err error) {
		err = pool.Use(ctx, func(_ context.Context, conn net.Conn) error {
			answer, err = query(conn, "hello")
			return err
		})
		return answer, err
	})
	fmt.Println(len(answers), "answers", err)
	fmt.Println("two connections at most:", dialed.Load() <= 2)
	fmt.Println(pool.Close(ctx)) // waits for each connection to be closed
	// Output:
	// 100 answers <nil>
	// two connections at most: true
	// <nil>
}

// withConnection calls fn with a connection that is closed on every path.
func withConnection(ctx context.Context, addr string, fn func(net.Conn) error) (err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return fn(conn)
}

// Set up, use, clean up, in one place.
func Example_managedResource() {
	server := echoServer()
	defer server.Close()

	err := withConnection(context.Background(), server.Addr().String(), func(conn net.Conn) error {
		answer, err := query(conn, "hello")
		fmt.Printf("%q\n", answer)
		return err
	})
	fmt.Println(err)
	// Output:
	// "hello\n"
	// <nil>
}

// pause is time.Sleep for code that may be told to stop.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Whatever waits, waits under a context.
func Example_pause() {
	ctx, cancel := context.WithCancelCause(context.Background())
	waiting := asynccore.Background(ctx, func(ctx context.Context) (string, error) {
		return "an hour later", pause(ctx, time.Hour)
	})
	cancel(errors.New("no time for that"))
	_, err := waiting.Wait(context.Background())
	fmt.Println(err)
	// Output: no time for that
}
