package faultserver

import "net"

// refusedPort is a port that refuses connections for as long as it is held. It
// is the local port of a connection that we hold with ourselves: nobody listens
// on it, and no one else is given it, as could happen with a port that was
// merely closed again.
type refusedPort struct {
	addr string
	ends [2]net.Conn
}

func newRefusedPort() (*refusedPort, error) {
	socket, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	near, err := net.DialTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, socket.Addr().(*net.TCPAddr))
	if err != nil {
		return nil, err
	}
	far, err := socket.Accept()
	if err != nil {
		near.Close()
		return nil, err
	}
	return &refusedPort{addr: near.LocalAddr().String(), ends: [2]net.Conn{near, far}}, nil
}

func (p *refusedPort) close() {
	for _, end := range p.ends {
		end.Close()
	}
}
