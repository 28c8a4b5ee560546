package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/task"
)

// longest is the length of the bodies here: a few pipes full, and a bit.
const longest = 3*longBody + 12_345

// through is a Sink that is a file.
type through struct {
	file  *os.File
	n     int64
	after int64 // bytes that there is room for
}

var errFull = errors.New("no space left on device")

func (s *through) Write(p []byte) (int, error) {
	if s.n+int64(len(p)) > s.after {
		return 0, errFull
	}
	n, err := s.file.WriteAt(p, s.n)
	s.n += int64(n)
	return n, err
}

func (s *through) Rewind(offset int64) error {
	s.n = offset
	return s.file.Truncate(offset)
}

// past is one that bytes come to past us.
type past struct {
	through
	drained int64
}

func (s *past) Drain(p *splice.Pipe) error {
	if s.n+p.Held() > s.after {
		return errFull
	}
	n, err := p.Drain(s.file, s.n)
	s.n += n
	s.drained += n
	return err
}

// A long body that goes past this process ends as one that goes through it does,
// whatever becomes of it on the way.
func TestPastUs(t *testing.T) {
	whole := make([]byte, longest)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(whole)
	cut := func(at int) func(net.Conn) { return func(c net.Conn) { _, _ = c.Write(whole[:at]) } }
	tests := map[string]struct {
		send  func(net.Conn)
		field string        // of the answer
		limit int64         // of --max-filesize
		time  time.Duration // of --max-time
		room  int64         // on the disk; 0 is enough
		want  string
		got   int64 // bytes in the file; -1 is any number
	}{
		"whole": {send: cut(longest), want: "ok", got: longest},
		"slowly, in pieces": {send: func(c net.Conn) {
			for rest, i := whole, 0; len(rest) > 0; i++ {
				n := min(len(rest), 1+i*977)
				_, _ = c.Write(rest[:n])
				if rest = rest[n:]; i%4 == 0 {
					time.Sleep(25 * time.Millisecond) // in all longer than may be silent
				}
			}
		}, want: "ok", got: longest},
		"cut before its first byte": {send: cut(0), want: "short_body", got: 0},
		"cut in its first bytes":    {send: cut(100), want: "short_body", got: 100},
		"cut after a pipe full":     {send: cut(longBody), want: "short_body", got: longBody},
		"cut before its last byte":  {send: cut(longest - 1), want: "short_body", got: longest - 1},
		"silent in the middle": {send: func(c net.Conn) {
			cut(longBody)(c)
			time.Sleep(time.Second)
		}, want: "timeout_read", got: longBody},
		"reset": {send: func(c net.Conn) {
			cut(2 * longBody)(c)
			time.Sleep(100 * time.Millisecond)
			_ = c.(*net.TCPConn).SetLinger(0)
		}, want: "reset", got: 2 * longBody},
		"longer than is wanted": {send: cut(longest), limit: 2 * longBody, want: "too_large", got: 0},
		"longer than it may take": {send: func(c net.Conn) {
			cut(2 * longBody)(c)
			time.Sleep(250 * time.Millisecond)
		}, time: 200 * time.Millisecond, want: "timeout_total", got: 2 * longBody},
		"not plain, so not past us": {send: cut(longest), field: "Pragma: no-cache\r\n", want: "ok", got: longest},
		"a full disk":               {send: cut(longest), room: 2 * longBody, want: "output", got: -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				defer conn.Close()
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n", tt.field, longest)
				tt.send(conn)
			}))
			defer server.Close()
			fetch := func(sink Sink, s *through) task.Record {
				file, err := os.Create(filepath.Join(t.TempDir(), "x"))
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				if s.file, s.after = file, longest; tt.room > 0 {
					s.after = tt.room
				}
				cfg := Config{MaxBody: tt.limit, MaxTime: tt.time, ConnectTimeout: 5 * time.Second, ReadTimeout: 300 * time.Millisecond}
				rec, kind := fetchedTo(t, sink, cfg, server.URL)
				if kind != tt.want {
					t.Fatalf("%T: %s (%+v), want %s", sink, kind, rec.Error, tt.want)
				}
				got, err := os.ReadFile(file.Name())
				if err != nil || tt.got >= 0 && int64(len(got)) != tt.got || !bytes.HasPrefix(whole, got) {
					t.Errorf("%T: %d bytes of the body in the file, want %d (%v)", sink, len(got), tt.got, err)
				}
				return rec
			}
			one, other := new(through), new(past)
			a, b := fetch(one, one), fetch(other, &other.through)
			if tt.got > longBody && tt.field == "" && other.drained < tt.got/2 {
				t.Errorf("%d of %d bytes came past us", other.drained, tt.got)
			}
			if tt.got >= 0 && (a.Bytes != b.Bytes || told(a.Error) != told(b.Error)) {
				t.Errorf("through us: %d bytes, %s\npast us: %d bytes, %s", a.Bytes, told(a.Error), b.Bytes, told(b.Error))
			}
		})
	}
}

var ports = regexp.MustCompile(`:\d{4,}`)

// told is what a record says of an error, without what differs from one
// connection to the next.
func told(err *task.Error) string {
	if err == nil {
		return "ok"
	}
	return string(err.Type) + ": " + ports.ReplaceAllString(err.Message, ":PORT")
}
