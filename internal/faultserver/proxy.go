package faultserver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// ProxyConfig says what a Proxy does.
type ProxyConfig struct {
	User, Password string // asked for when User is not empty
	TLS            *tls.Config
	Refuse         int               // answers every request with this status; SOCKS5 with "not allowed"
	Stall          bool              // takes connections and never answers
	Dial           map[string]string // where "host:port" really is; others are dialled as they are
}

// Proxy is a proxy on a loopback port, for whole URLs, CONNECT and SOCKS5 alike,
// that notes what it was asked for. Its methods are safe for concurrent use. The
// one who started it must Close it.
type Proxy struct {
	cfg    ProxyConfig
	socket net.Listener
	wg     sync.WaitGroup // the accept loop and all connections; Close waits for them

	mu   sync.Mutex // guards the fields below
	log  []string
	open map[net.Conn]bool
}

// StartProxy begins to listen on a port that the system chooses.
func StartProxy(cfg ProxyConfig) (*Proxy, error) {
	socket, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a proxy: %w", err)
	}
	p := &Proxy{cfg: cfg, socket: socket, open: make(map[net.Conn]bool)}
	p.wg.Go(func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			p.keep(c)
			p.wg.Go(func() { p.serve(c) })
		}
	})
	return p, nil
}

// Addr is the proxy's host:port.
func (p *Proxy) Addr() string { return p.socket.Addr().String() }

// Asked returns what the proxy was asked for, in order: "GET http://h/x",
// "CONNECT h:443", "SOCKS h:80", each with " as USER:PASSWORD" when somebody
// said so.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// Close breaks all connections and waits until nothing of the proxy runs.
func (p *Proxy) Close() {
	p.socket.Close()
	p.mu.Lock()
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *Proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
}

func (p *Proxy) note(what, user string) {
	if user != "" {
		what += " as " + user
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, what)
}

// serve answers one connection, and closes it.
func (p *Proxy) serve(c net.Conn) {
	defer func() {
		p.mu.Lock()
		delete(p.open, c)
		p.mu.Unlock()
		c.Close()
	}()
	if p.cfg.Stall {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	if p.cfg.TLS != nil {
		c = tls.Server(c, p.cfg.TLS)
	}
	br := bufio.NewReader(c)
	switch first, err := br.Peek(1); {
	case err != nil:
	case first[0] == 5:
		p.socks(c, br)
	default:
		for p.http(c, br) {
		}
	}
}

func (p *Proxy) dial(addr string) (net.Conn, error) {
	if to, ok := p.cfg.Dial[addr]; ok {
		addr = to
	}
	c, err := net.Dial("tcp", addr)
	if err == nil {
		p.keep(c)
	}
	return c, err
}

// http answers one request, and reports whether another may follow.
func (p *Proxy) http(c net.Conn, br *bufio.Reader) bool {
	req, err := http.ReadRequest(br)
	if err != nil {
		return false
	}
	user, password, _ := basic(req.Header.Get("Proxy-Authorization"))
	who := ""
	if req.Header.Get("Proxy-Authorization") != "" {
		who = user + ":" + password
	}
	p.note(req.Method+" "+req.RequestURI, who)
	refuse := p.cfg.Refuse
	if p.cfg.User != "" && (user != p.cfg.User || password != p.cfg.Password) {
		refuse = http.StatusProxyAuthRequired
	}
	if refuse != 0 {
		fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused", refuse, http.StatusText(refuse))
		return false
	}
	addr := req.URL.Host
	if req.Method != http.MethodConnect && req.URL.Port() == "" {
		addr = net.JoinHostPort(req.URL.Hostname(), "80")
	}
	up, err := p.dial(addr)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return false
	}
	defer up.Close()
	if req.Method == http.MethodConnect {
		fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(c, br, up)
		return false
	}
	req.Header.Del("Proxy-Authorization")
	req.Close = true
	if err := req.Write(up); err != nil {
		return false
	}
	_, _ = io.Copy(c, up)
	return false
}

// basic reads the credentials of RFC 7617.
func basic(header string) (user, password string, ok bool) {
	return (&http.Request{Header: http.Header{"Authorization": {header}}}).BasicAuth()
}

// join passes bytes on in both directions until one side ends.
func join(c net.Conn, br io.Reader, up net.Conn) {
	done := make(chan struct{})
	go func() { // ends with up, which join closes
		defer close(done)
		_, _ = io.Copy(c, up)
		c.Close()
	}()
	_, _ = io.Copy(up, br)
	up.Close()
	<-done
}

var errSocks = errors.New("not SOCKS5")

// socks speaks RFC 1928 and RFC 1929.
func (p *Proxy) socks(c net.Conn, br *bufio.Reader) {
	target, who, err := p.negotiate(c, br)
	if err != nil {
		return
	}
	p.note("SOCKS "+target, who)
	const failed, denied = "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"
	if p.cfg.Refuse != 0 {
		_, _ = io.WriteString(c, denied)
		return
	}
	up, err := p.dial(target)
	if err != nil {
		_, _ = io.WriteString(c, failed)
		return
	}
	defer up.Close()
	_, _ = io.WriteString(c, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	join(c, br, up)
}

// negotiate reads up to the request: its target, and who asks.
func (p *Proxy) negotiate(c net.Conn, br *bufio.Reader) (target, who string, err error) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(br, b)
		}
		return b
	}
	short := func() []byte { return read(int(read(1)[0])) }
	read(1)
	methods := short()
	if p.cfg.User != "" {
		if !slices.Contains(methods, 2) {
			_, _ = io.WriteString(c, "\x05\xff")
			return "", "", errSocks
		}
		_, _ = io.WriteString(c, "\x05\x02")
		read(1)
		user, password := string(short()), string(short())
		who = user + ":" + password
		if user != p.cfg.User || password != p.cfg.Password {
			_, _ = io.WriteString(c, "\x01\x01")
			return "", "", errSocks
		}
		_, _ = io.WriteString(c, "\x01\x00")
	} else {
		_, _ = io.WriteString(c, "\x05\x00")
	}
	head := read(4)
	var host string
	switch head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(short())
	case 4:
		host = net.IP(read(16)).String()
	default:
		return "", "", errSocks
	}
	port := read(2)
	return net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))), who, err
}
