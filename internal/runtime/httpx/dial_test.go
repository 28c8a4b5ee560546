package httpx

import (
	"context"
	"net"
	"testing"
)

// The direct transport asks an idle connection whether bytes are waiting, where
// it is given the socket; else it keeps a goroutine at each.
func TestDialGivesSocketAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	made, err := new(dialer).dial(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	raw, err := made.(*conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	called := false
	if err := raw.Control(func(uintptr) { called = true }); err != nil || !called {
		t.Errorf("the socket was not reached: %v", err)
	}
	if _, err := (&conn{Conn: struct{ net.Conn }{made}}).SyscallConn(); err == nil {
		t.Error("a socket where there is none")
	}
}
