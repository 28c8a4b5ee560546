package queue

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushLoop"), // of the server
	)
}

// open starts a server in this process and returns a queue on it.
func open(t *testing.T) *Queue {
	t.Helper()
	_, url := serve(t)
	return connect(t, url)
}

// serve starts a server in this process.
func serve(t *testing.T) (s *server.Server, url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s, s.ClientURL()
}

func connect(t *testing.T, url string) *Queue {
	t.Helper()
	q, err := Open(t.Context(), Options{URL: url, Getenv: func(string) string { return "" }, Warn: t.Logf, Partitions: 4, Lease: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}
