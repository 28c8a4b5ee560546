package faultserver

import (
	"crypto/tls"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Wires says what a behaviour of the listener H2Raw puts on the wire: the
// frames after the settings, in the words of frames.
var h2Wires = map[string]string{
	"h2-raw-ok":               `^HEADERS\(:status=200 content-length=100\) DATA\(50\) DATA\(50,end\)$`,
	"h2-padded":               `^HEADERS\(.*\) DATA\(50,end,padded\)$`,
	"h2-trailers":             `^HEADERS\(:status=200 trailer=x-sum\) DATA\(50\) HEADERS\(x-sum=42,end\)$`,
	"h2-early-hints":          `^HEADERS\(:status=103 .*\) HEADERS\(:status=200 .*\) DATA\(50,end\)$`,
	"h2-misdirected":          `^HEADERS\(:status=421 .*\) DATA\(9,end\)$`,
	"h2-rst-at-once":          `^RST_STREAM\(INTERNAL_ERROR\)$`,
	"h2-rst-in-body":          `^HEADERS\(:status=200 content-length=100\) DATA\(50\) RST_STREAM\(INTERNAL_ERROR\)$`,
	"h2-rst-cancel":           `^HEADERS\(:status=200\) DATA\(50\) RST_STREAM\(CANCEL\)$`,
	"h2-rst-no-error-in-body": `^HEADERS\(:status=200\) DATA\(50\) RST_STREAM\(NO_ERROR\)$`,
	"h2-early-ok":             `^HEADERS\(:status=200 .*\) DATA\(50,end\) RST_STREAM\(NO_ERROR\)$`,
	"h2-refused":              `^RST_STREAM\(REFUSED_STREAM\)$`,
	"h2-refused-once":         `^RST_STREAM\(REFUSED_STREAM\)$`,
	"h2-data-short":           `^HEADERS\(:status=200 content-length=100\) DATA\(50,end\)$`,
	"h2-data-long":            `^HEADERS\(:status=200 content-length=5\) DATA\(50,end\)$`,
	"h2-no-status":            `^HEADERS\(content-type=text/plain\) DATA\(50,end\)$`,
	"h2-upper-case":           `^HEADERS\(:status=200 X-Upper=1\) DATA\(50,end\)$`,
	"h2-header-crlf":          `^HEADERS\(:status=200 x-split=a\r\nx-injected: b\) DATA\(50,end\)$`,
	"h2-header-huge":          `^HEADERS-part CONTINUATION-part\*6\d+ CONTINUATION\(:status=200 x-fill=.*\) DATA\(50,end\)$`,
	"h2-never":                `^$`,
	"h2-body-stall":           `^HEADERS\(:status=200 content-length=100\) DATA\(50\)$`,
	windowStall:               `^$`,
	"h2-goaway":               `^GOAWAY\(0,NO_ERROR\)$`,
	"h2-goaway-calm":          `^GOAWAY\(1,ENHANCE_YOUR_CALM\) EOF$`,
	"h2-goaway-after":         `^HEADERS\(:status=200 .*\) DATA\(50,end\) GOAWAY\(1,NO_ERROR\)$`,
	"h2-goaway-in-body":       `^HEADERS\(.*\) DATA\(50\) GOAWAY\(1,NO_ERROR\) DATA\(50,end\)$`,
	"h2-close-in-body":        `^HEADERS\(:status=200 content-length=100\) DATA\(50\) EOF$`,
	"h2-reset-in-body":        `^HEADERS\(:status=200 content-length=100\) DATA\(50\) RESET$`,
	"h2-http1":                `^BROKEN$`,
	"h2-frame-too-large":      `^BROKEN$`,
	"h2-hpack-garbage":        `^HEADERS-undecodable$`,
	"h2-push":                 `^PUSH_PROMISE\(1\) HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-idle-stream":          `^DATA\(50,stream 1048577\) HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-window-overflow":      `^WINDOW_UPDATE\(2147483647\)\*2 HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-frame-size-0":         `^SETTINGS\(\[\[MAX_FRAME_SIZE = 0\]\]\) HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-interleaved":          `^HEADERS-part DATA\(50,end\)$`,
	"h2-settings-flood":       `^SETTINGS\*3000 HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-ping-flood":           `^PING\*3000 HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-empty-data-flood":     `^HEADERS\(:status=200\) DATA\(0\)\*3000 DATA\(50,end\)$`,
	"h2-interim-flood":        `^HEADERS\(:status=103 .*\)\*10000 HEADERS\(:status=200 .*\) DATA\(50,end\)$`,
	"h2-settings-endless":     `^SETTINGS\*\d+$`,
	"h2-ping-endless":         `^PING\*\d+$`,
	"h2-empty-data-endless":   `^HEADERS\(:status=200\) DATA\(0\)\*\d+$`,
	"h2-priority-endless":     `^PRIORITY\*\d+$`,
	"h2-rst-endless":          `^RST_STREAM\(REFUSED_STREAM\)\*\d+$`,
	"h2-goaway-flood":         `^GOAWAY\(1,NO_ERROR\)\*3000 HEADERS\(.*\) DATA\(50,end\)$`,
	"h2-hpack-bomb":           `^HEADERS\(:status=200 f=x{1000}.*x{1000}\) DATA\(50,end\)$`,
	"h2-trailer-huge":         `^HEADERS\(:status=200\) DATA\(50\) HEADERS-part CONTINUATION-part\*6\d+ CONTINUATION\(x-fill=.*\)$`,
	"h2-no-streams":           `^SETTINGS\(\[\[MAX_CONCURRENT_STREAMS = 0\]\]\) RST_STREAM\(REFUSED_STREAM\)$`,
	"h2-window-0":             `^SETTINGS\(\[\[INITIAL_WINDOW_SIZE = 0\]\]\)$`,
	"h2-window-update-0":      `^BROKEN$`,
	"h2-continuation-flood":   `^HEADERS-part CONTINUATION-part\*1\d\d\d$`,
}

// frames reads frames and writes each as a word; equal neighbours are counted.
// It ends when for a while nothing has come, or when there is no end.
type frames struct {
	conn  *tls.Conn
	fr    *http2.Framer
	dec   *hpack.Decoder
	block []byte
	words []string
	count []int

	windows int // WINDOW_UPDATEs of an ordinary size
}

func (f *frames) add(word string) {
	if n := len(f.words); n > 0 && f.words[n-1] == word {
		f.count[n-1]++
		return
	}
	f.words, f.count = append(f.words, word), append(f.count, 1)
}

func (f *frames) String() string {
	all := make([]string, len(f.words))
	for i, w := range f.words {
		all[i] = w
		if f.count[i] > 1 {
			all[i] += "*" + strconv.Itoa(f.count[i])
		}
	}
	return strings.Join(all, " ")
}

func (f *frames) read(patience time.Duration) {
	const enough = 20_000
	for first, n := true, 0; n < enough; n++ {
		_ = f.conn.SetReadDeadline(time.Now().Add(patience))
		frame, err := f.fr.ReadFrame()
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "i/o timeout"):
			return
		case strings.Contains(err.Error(), "connection reset"):
			f.add("RESET")
			return
		case err == io.EOF:
			f.add("EOF")
			return
		default:
			f.add("BROKEN")
			return
		}
		end := ""
		if d, ok := frame.(*http2.DataFrame); ok && d.StreamEnded() {
			end = ",end"
		}
		if frame.Header().Flags.Has(http2.FlagDataPadded) && frame.Header().Type == http2.FrameData {
			end += ",padded"
		}
		switch fr := frame.(type) {
		case *http2.SettingsFrame:
			if first {
				first = false
				continue // of the connection's beginning
			}
			var all []string
			_ = fr.ForeachSetting(func(s http2.Setting) error { all = append(all, s.String()); return nil })
			if len(all) > 0 {
				f.add(fmt.Sprintf("SETTINGS(%v)", all))
			} else if !fr.IsAck() {
				f.add("SETTINGS")
			}
		case *http2.PingFrame:
			f.add("PING")
		case *http2.DataFrame:
			if fr.StreamID != 1 {
				end += fmt.Sprintf(",stream %d", fr.StreamID)
			}
			f.add(fmt.Sprintf("DATA(%d%s)", len(fr.Data()), end))
		case *http2.HeadersFrame:
			f.header("HEADERS", fr.HeaderBlockFragment(), fr.HeadersEnded(), fr.StreamEnded())
		case *http2.ContinuationFrame:
			f.header("CONTINUATION", fr.HeaderBlockFragment(), fr.HeadersEnded(), false)
		case *http2.RSTStreamFrame:
			f.add(fmt.Sprintf("RST_STREAM(%v)", fr.ErrCode))
		case *http2.PriorityFrame:
			f.add("PRIORITY")
		case *http2.GoAwayFrame:
			f.add(fmt.Sprintf("GOAWAY(%d,%v)", fr.LastStreamID, fr.ErrCode))
		case *http2.PushPromiseFrame:
			f.add(fmt.Sprintf("PUSH_PROMISE(%d)", fr.StreamID))
		case *http2.WindowUpdateFrame:
			if fr.Increment > 1<<20 {
				f.add(fmt.Sprintf("WINDOW_UPDATE(%d)", fr.Increment))
			} else {
				f.windows++
			}
		}
	}
}

func (f *frames) header(kind string, fragment []byte, whole, end bool) {
	if !whole {
		if len(f.block) < 2<<20 {
			f.block = append(f.block, fragment...)
		}
		f.add(kind + "-part")
		return
	}
	fields, err := f.dec.DecodeFull(append(f.block, fragment...))
	if err != nil {
		f.add(kind + "-undecodable")
		return
	}
	var all []string
	for _, field := range fields {
		all = append(all, field.Name+"="+field.Value)
	}
	word := kind + "(" + strings.Join(all, " ")
	if end {
		word += ",end"
	}
	f.add(word + ")")
}

// askH2 sends one request in frames of its own and returns all that came.
func askH2(t *testing.T, s *Server, b Behaviour, patience time.Duration) *frames {
	t.Helper()
	cfg := s.ClientTLS()
	cfg.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", s.Addr(H2Raw), cfg)
	if err != nil {
		t.Error(err)
		return &frames{}
	}
	defer conn.Close()
	f := &frames{conn: conn, fr: http2.NewFramer(conn, conn), dec: hpack.NewDecoder(4096, nil)}
	f.fr.AllowIllegalReads = true
	f.fr.SetMaxReadFrameSize(16 << 10) // as a client has told by telling nothing
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", b.Method}, {":scheme", "https"}, {":authority", "x"}, {":path", b.Path}} {
		_ = enc.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // a strings.Builder never fails
	}
	_, _ = io.WriteString(conn, http2.ClientPreface)
	_ = f.fr.WriteSettings()
	err = f.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: []byte(block.String()), EndHeaders: true, EndStream: b.BodySize == 0,
	})
	if err != nil {
		t.Error(err)
	}
	for sent := 0; sent < min(b.BodySize, 60_000); sent += 10_000 { // within the first window
		_ = f.fr.WriteData(1, false, make([]byte, 10_000))
	}
	f.read(patience)
	return f
}

func TestRawHTTP2OnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	var rows sync.WaitGroup
	slots := make(chan struct{}, 16)
	seen := 0
	for _, b := range Behaviours() {
		if b.h2 == nil {
			continue
		}
		seen++
		want, ok := h2Wires[b.Name]
		if !ok {
			t.Errorf("%s: has no row in h2Wires", b.Name)
			continue
		}
		rows.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if got := askH2(t, s, b, 2*time.Second).String(); !regexp.MustCompile(`(?s)` + want).MatchString(legible(got)) {
				t.Errorf("%s: on the wire: %.400q; want %s", b.Name, got, want)
			}
		})
	}
	rows.Wait()
	if seen != len(h2Wires) {
		t.Errorf("%d behaviours over raw HTTP/2 and %d rows in h2Wires", seen, len(h2Wires))
	}
}

func TestWindowIsGivenBackExceptWhereItStalls(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	for path, want := range map[string]int{
		"/h2-never":       12, // six frames, each for the stream and for the connection
		"/" + windowStall: 0,
	} {
		b := Behaviour{Method: "POST", Path: path, BodySize: 60_000}
		if got := askH2(t, s, b, 300*time.Millisecond); got.windows != want {
			t.Errorf("%s: %d window updates; want %d", path, got.windows, want)
		}
	}
}
