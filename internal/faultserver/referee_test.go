package faultserver

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// referee is a client as the table supposes one: net/http with the limits of
// the table and the rules that net/http leaves to its user. It shows that each
// verdict can be had.
type referee struct {
	transport *http.Transport
	limit     time.Duration // without a byte
	ended     atomic.Bool   // a connection of ours was ended by its server
}

func newReferee(s *Server, limit time.Duration) *referee {
	f := &referee{limit: limit}
	f.transport = &http.Transport{
		TLSClientConfig:        s.ClientTLS(),
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: MaxHeader,
		ResponseHeaderTimeout:  limit,
		TLSHandshakeTimeout:    ConnectTimeout,
		ExpectContinueTimeout:  ReadTimeout / 4,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &watched{Conn: conn, ended: &f.ended}, err
		},
	}
	return f
}

// watched notes the end of the connection below TLS, which crypto/tls does not
// tell from a close_notify at the end of a record.
type watched struct {
	net.Conn
	ended *atomic.Bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err == io.EOF {
		w.ended.Store(true)
	}
	return n, err
}

var (
	errLimit  = errors.New("redirect_limit")
	errDenied = errors.New("redirect_denied")
	errStall  = errors.New("timeout_read")
	errReset  = errors.New("reset")
)

// attempt returns "ok" or an error type.
func (f *referee) attempt(ctx context.Context, b Behaviour, url string) string {
	// The watchdog bounds what the transport does not: a request's body that
	// stalls, and then each read of the answer's.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(ConnectTimeout+f.limit, func() { cancel(errStall) })
	defer watchdog.Stop()

	// The transport repeats a request for as long as HTTP/2 says that it was
	// not processed; a third time is one too many.
	var sent atomic.Int32
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() {
		if sent.Add(1) > 2 {
			cancel(errReset)
		}
	}})
	r, err := http.NewRequestWithContext(ctx, b.Method, url, strings.NewReader(strings.Repeat("b", b.BodySize)))
	if err != nil {
		return err.Error()
	}
	maps.Copy(r.Header, b.Header)
	r.Header.Set("Accept-Encoding", "gzip")
	c := &http.Client{Transport: f.transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		sent.Store(0)
		switch {
		case r.URL.Scheme != "https" && (r.URL.Scheme != "http" || via[0].URL.Scheme == "https"):
			return errDenied
		case len(via) > MaxRedirects:
			return errLimit
		}
		return nil
	}}
	res, err := c.Do(r)
	if err != nil {
		return classify(ctx, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols, res.StatusCode == http.StatusPartialContent:
		return "bad_response"
	case res.StatusCode/100 != 2:
		return strconv.Itoa(res.StatusCode)
	}
	if outcome, done := f.read(ctx, res, func() { watchdog.Reset(f.limit) }); !done {
		return outcome
	}
	unbounded := res.ContentLength < 0 && res.TransferEncoding == nil && res.ProtoMajor == 1 && !res.Uncompressed
	if res.TLS != nil && unbounded && f.ended.Load() {
		return "short_body"
	}
	return "ok"
}

// read reads the body, decoded. It returns true at its right end, else an
// outcome.
func (f *referee) read(ctx context.Context, res *http.Response, progress func()) (string, bool) {
	framed := &keeper{Reader: res.Body}
	var body io.Reader = framed
	switch coding := res.Header.Get("Content-Encoding"); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		buffered := bufio.NewReader(framed)
		if _, err := buffered.Peek(1); err == io.EOF {
			return "", true // an empty body
		}
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return "decode", false
		}
		body = z
	default:
		return "decode", false
	}
	buf := make([]byte, 64<<10)
	for total := 0; ; {
		progress()
		n, err := body.Read(buf)
		total += n
		switch {
		case total > MaxBody:
			return "too_large", false
		case err == io.EOF:
			return "", true
		case err != nil && framed.err != nil:
			return classify(ctx, framed.err), false
		case err != nil:
			return "decode", false
		}
	}
}

// keeper keeps the error, other than io.EOF, of its reader.
type keeper struct {
	io.Reader
	err error
}

func (k *keeper) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if err != io.EOF {
		k.err = err
	}
	return n, err
}

// classify names the failure. Where net/http has no type for it, its words
// have to do.
func classify(ctx context.Context, err error) string {
	for _, own := range []error{errLimit, errDenied} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause.Error()
	}
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(err.Error(), w) {
				return true
			}
		}
		return false
	}
	_, isCert := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case isCert:
		return "certificate"
	case says("TLS handshake timeout"):
		return "timeout_connect"
	case isRecord, says("remote error: tls", "server gave HTTP response to HTTPS", "tls: "):
		return "tls"
	case says("timeout awaiting response headers"):
		return "timeout_read"
	case op != nil && op.Op == "dial":
		return "connect"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		says("connection reset", "broken pipe", "server closed idle", "GOAWAY", "REFUSED_STREAM", "INTERNAL_ERROR", "CANCEL", "NO_ERROR"):
		return "reset"
	case says("unexpected EOF"):
		return "short_body"
	case errors.Is(err, io.EOF), says(": EOF"):
		return "reset"
	case says("malformed", "invalid", "unsupported", "bad ", "bare LF", "multiple", "exceeded", "too large", "too long", "suspiciously",
		"more than declared", "failed to parse", "PROTOCOL_ERROR", "COMPRESSION_ERROR", "FLOW_CONTROL_ERROR", "FRAME_SIZE_ERROR"):
		return "bad_response"
	}
	return fmt.Sprintf("?%v", err)
}

func TestBehavioursCanBeJudged(t *testing.T) {
	t.Parallel()
	// net/http writes what servers say on idle connections to the log.
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	s := start(t, Config{})

	var (
		slots  = make(chan struct{}, 8)
		judges sync.WaitGroup
		table  = Behaviours()
		got    = make([]string, len(table))
	)
	for i, b := range table {
		judges.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			limit := ReadTimeout
			if !strings.HasPrefix(b.Want[0], "timeout") {
				limit *= 10 // a busy machine is not what is judged
			}
			f := newReferee(s, limit)
			defer f.transport.CloseIdleConnections()
			got[i] = f.attempt(t.Context(), b, b.URL(s))
		})
	}
	judges.Wait()
	for i, b := range table {
		if !b.Want.Allows(got[i]) {
			t.Errorf("%s: one attempt at %s ended as %q; want %v", b.Name, b.Path, got[i], b.Want)
		}
	}
}
