package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// cutter serves /KIND/N, whose first answer ends after N bytes of what follows
// the headers, and whose others are whole.
type cutter struct {
	entity  []byte
	zipped  []byte
	forever bool // all answers are cut

	mu     sync.Mutex // guards the fields below
	visits map[string]int
	ranges map[string]string // of the last request
}

func newCutter(size int) *cutter {
	c := &cutter{visits: map[string]int{}, ranges: map[string]string{}}
	for i := range size {
		c.entity = append(c.entity, byte(i*7+i/40))
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(c.entity) // a buffer takes all
	_ = z.Close()
	c.zipped = b.Bytes()
	return c
}

// wire is what follows the headers of a kind, and its headers for HTTP/1.1.
func (c *cutter) wire(kind string) (header, body string) {
	switch kind {
	case "chunked":
		for part := c.entity; len(part) > 0; {
			n := min(33, len(part))
			body += fmt.Sprintf("%x\r\n%s\r\n", n, part[:n])
			part = part[n:]
		}
		return "Transfer-Encoding: chunked\r\n", body + "0\r\n\r\n"
	case "gzip":
		return fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", len(c.zipped)), string(c.zipped)
	}
	return fmt.Sprintf("Content-Length: %d\r\n", len(c.entity)), string(c.entity)
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, number, _ := strings.Cut(r.URL.Path[1:], "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	c.mu.Lock()
	c.visits[r.URL.Path]++
	c.ranges[r.URL.Path] = r.Header.Get("Range")
	cut := c.visits[r.URL.Path] == 1 || c.forever
	c.mu.Unlock()
	w.Header().Set("Etag", `"`+kind+`"`)
	switch {
	case !cut && kind == "gzip":
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(c.zipped)
	case !cut:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.entity))
	case kind == "h2":
		w.Header().Set("Content-Length", strconv.Itoa(len(c.entity)))
		_, _ = w.Write(c.entity[:n])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		header, body := c.wire(kind)
		fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nEtag: %q\r\n%s\r\n%s", kind, header, body[:n])
		_ = out.Flush()
		_ = conn.Close()
	}
}

// start returns the URLs of all places at which a kind's body can be cut.
func (c *cutter) start(t *testing.T, kind string) (urls []string, env []string) {
	server := httptest.NewUnstartedServer(c)
	server.Config.ErrorLog = nil
	n := len(c.entity)
	if kind == "h2" {
		server.EnableHTTP2 = true
		server.StartTLS()
		ca := filepath.Join(t.TempDir(), "ca.pem")
		data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		if err := os.WriteFile(ca, data, 0o600); err != nil {
			t.Fatal(err)
		}
		env = []string{"SSL_CERT_FILE=" + ca}
	} else {
		server.Start()
		_, body := c.wire(kind)
		n = len(body)
	}
	t.Cleanup(server.Close)
	for i := range n {
		urls = append(urls, fmt.Sprintf("%s/%s/%d", server.URL, kind, i))
	}
	return urls, env
}

// A body that is cut after any of its bytes is never ok, and leaves no file;
// with a retry the file is right, and what had come is not asked for again
// where it need not be.
func TestCutAtEveryByte(t *testing.T) {
	for _, kind := range []string{"length", "chunked", "gzip", "h2"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCutter(scale(150, 1000))
			c.forever = true
			urls, env := c.start(t, kind)
			list := make([]string, len(urls))
			for i, u := range urls {
				list[i] = fmt.Sprintf("%s %d", u, i)
			}
			args := []string{"--output-dir", "out", "--breaker-failures", "0", "--retry-delay", "1ms"}
			dir := t.TempDir()
			o := batchIn(t, dir, env, os.Args[0], list, append(args, "--retry", "0")...)
			if files, parts := outputs(t, filepath.Join(dir, "out")); o.ok() != 0 || o.status == 0 || len(files)+len(parts) > 0 {
				t.Errorf("cut for good: %d ok, exit status %d, files %q %q", o.ok(), o.status, files, parts)
			}

			c.forever = false
			clear(c.visits)
			dir = t.TempDir()
			o = batchIn(t, dir, env, os.Args[0], list, args...)
			o.allOK(t)
			continued := 0
			for i := range o.records {
				r := &o.records[i]
				got, err := os.ReadFile(filepath.Join(dir, "out", fmt.Sprint(i)))
				if err != nil || !bytes.Equal(got, c.entity) {
					t.Errorf("cut after %d: %d bytes, not those of the entity, %v", i, len(got), err)
				}
				asked := c.ranges[fmt.Sprintf("/%s/%d", kind, i)]
				if (asked == "") != (r.Resumed == task.Unknown) || asked != "" && asked != fmt.Sprintf("bytes=%d-", r.Resumed) {
					t.Errorf("cut after %d: asked for %q, resumed %d", i, asked, r.Resumed)
				}
				if kind == "length" && i > 0 && r.Resumed != int64(i) {
					t.Errorf("cut after %d: resumed %d", i, r.Resumed)
				}
				if r.Resumed != task.Unknown {
					continued++
				}
			}
			t.Logf("%d places, %d gone on with, in %v", len(urls), continued, o.took.Round(time.Millisecond))
			if (kind == "gzip") != (continued == 0) {
				t.Errorf("%d gone on with", continued)
			}
		})
	}
}
