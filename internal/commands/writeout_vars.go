package commands

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// fetched is one fetch, as --write-out sees it.
type fetched struct {
	rec    *task.Record
	answer *ops.Answer
	exit   int // status of this program
}

// variables are those of curl that are known here, with curl's meaning and form:
// what there was not is 0, 000 or empty. Times are those of the last attempt,
// each from its start; sizes are decoded; secrets in URLs are not shown.
var variables = map[string]func(*fetched) string{
	"http_code":          func(f *fetched) string { return fmt.Sprintf("%03d", f.rec.Status) },
	"response_code":      func(f *fetched) string { return fmt.Sprintf("%03d", f.rec.Status) },
	"http_version":       func(f *fetched) string { return httpVersion(f.rec.Protocol) },
	"method":             (*fetched).method,
	"url":                func(f *fetched) string { return f.rec.URL },
	"url_effective":      (*fetched).effective,
	"scheme":             (*fetched).scheme,
	"content_type":       func(f *fetched) string { return f.rec.ContentType },
	"size_download":      func(f *fetched) string { return strconv.FormatInt(max(0, f.rec.Bytes), 10) },
	"speed_download":     (*fetched).speed,
	"filename_effective": (*fetched).filename,
	"num_redirects":      func(f *fetched) string { return strconv.Itoa(f.answer.Redirects) },
	"num_retries":        func(f *fetched) string { return strconv.Itoa(max(0, f.rec.Attempts-1)) },
	"num_headers":        (*fetched).numHeaders,
	"remote_ip":          func(f *fetched) string { host, _ := f.remote(); return host },
	"remote_port":        func(f *fetched) string { _, port := f.remote(); return port },
	"time_namelookup":    func(f *fetched) string { return curlTime(f.timing().DNS) },
	"time_connect":       func(f *fetched) string { return curlTime(f.connected()) },
	"time_appconnect":    (*fetched).appConnect,
	"time_pretransfer":   func(f *fetched) string { return curlTime(f.connected() + f.timing().TLS) },
	"time_redirect":      func(f *fetched) string { return curlTime(f.answer.Redirect) },
	"time_starttransfer": (*fetched).startTransfer,
	"time_total":         (*fetched).total,
	"exitcode":           func(f *fetched) string { return strconv.Itoa(f.exit) },
	"errormsg":           (*fetched).errorMessage,
	"header_json":        (*fetched).headerJSON,
	"json":               func(f *fetched) string { return string(f.rec.Append(nil)) },
}

func (f *fetched) variable(name string) (string, bool) {
	if value, ok := variables[name]; ok {
		return value(f), true
	}
	return "", false
}

func (f *fetched) method() string {
	if f.answer.Method != "" {
		return f.answer.Method
	}
	return f.rec.Method
}

// effective is the URL that was fetched last. It has a path, as on the wire.
func (f *fetched) effective() string {
	raw := f.rec.URL
	if f.rec.FinalURL != "" {
		raw = f.rec.FinalURL
	}
	if u, err := url.Parse(raw); err == nil && u.Path == "" {
		u.Path = "/"
		return u.String()
	}
	return raw
}

// scheme is that of the URL that was answered.
func (f *fetched) scheme() string {
	if f.rec.Status == 0 {
		return ""
	}
	scheme, _, _ := strings.Cut(f.effective(), "://")
	return scheme
}

// httpVersion makes "1.1" of HTTP/1.1, "2" of HTTP/2.0 and "1" of HTTP/1.0.
func httpVersion(protocol string) string {
	if version, ok := strings.CutPrefix(protocol, "HTTP/"); ok {
		return strings.TrimSuffix(version, ".0")
	}
	return "0"
}

func (f *fetched) remote() (host, port string) {
	at, err := netip.ParseAddrPort(f.rec.Remote)
	if err != nil {
		return "", "0"
	}
	return at.Addr().String(), strconv.Itoa(int(at.Port()))
}

func (f *fetched) filename() string {
	if f.rec.Output == nil {
		return ""
	}
	return f.rec.Output.Path
}

func (f *fetched) numHeaders() string {
	n := 0
	for _, lines := range f.answer.Fields() {
		n += len(lines)
	}
	return strconv.Itoa(n)
}

func (f *fetched) timing() task.Timing { return f.answer.Timing(f.rec.Timing) }

func (f *fetched) connected() time.Duration { return f.timing().DNS + f.timing().Connect }

// appConnect is 0 without a TLS handshake, as in curl.
func (f *fetched) appConnect() string {
	if t := f.timing(); t.TLS > 0 {
		return curlTime(f.connected() + t.TLS)
	}
	return curlTime(0)
}

// startTransfer is 0 without an answer, as in curl.
func (f *fetched) startTransfer() string {
	if t := f.timing(); t.FirstByte > 0 {
		return curlTime(f.connected() + t.TLS + t.FirstByte)
	}
	return curlTime(0)
}

func (f *fetched) took() time.Duration {
	t := f.timing()
	return t.DNS + t.Connect + t.TLS + t.FirstByte + t.Transfer
}

func (f *fetched) total() string { return curlTime(f.took()) }

func (f *fetched) speed() string {
	if f.took() <= 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(max(0, f.rec.Bytes))/f.took().Seconds(), 'f', 0, 64)
}

func curlTime(d time.Duration) string { return strconv.FormatFloat(max(0, d).Seconds(), 'f', 6, 64) }

func (f *fetched) errorMessage() string {
	if f.rec.Error == nil {
		return ""
	}
	return f.rec.Error.Message
}

// headerJSON has a list of values for each name, in lower case.
func (f *fetched) headerJSON() string {
	text, err := json.Marshal(maps.Collect(f.answer.Fields()))
	if err != nil {
		panic(err) // strings always encode
	}
	return string(text)
}
