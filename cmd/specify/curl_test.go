package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/faultserver"
)

// curlCases are command lines for curl and for "specify fetch". {url}, {tls} and
// {other} are origins, {port} and {tlsport} the ports of the first two, {proxy}
// is the host:port of a proxy, {ca}, {cert}, {key} and {both} are files. Each
// runs in a folder of its own with a .netrc and the file "body".
var curlCases = []struct {
	name  string
	args  string // split at spaces; _ stands for one within an argument
	env   string
	stdin string
	usage bool // it is a wrong call, whatever curl's status says
}{
	{name: "a body", args: "-fsSL {url}/a"},
	{name: "query and fragment", args: "-fsSL {url}/a?b=c&d=%20e#part"},
	{name: "no path", args: "-fsSL {url}"},
	{name: "no path, a query", args: "-fsSL {url}?q"},
	{name: "to a file", args: "-fsSL {url}/a -o x"},
	{name: "to a file of the URL's name", args: "-fsSLO {url}/dir/name.tgz?v=1"},
	{name: "not found", args: "-fsSL {url}/status/404"},
	{name: "not found, to a file", args: "-fsSL {url}/status/404 -o x"},
	{name: "gone", args: "-fsSL {url}/status/410 -O"},
	{name: "nobody there", args: "-fsSL http://127.0.0.1:1/ --retry 0"},
	{name: "no such host", args: "-fsSL http://nowhere.invalid/ --retry 0"},
	{name: "a header", args: "-fsSL {url}/a -H X-One:_1 -H X-Two:2"},
	{name: "a header twice", args: "-fsSL {url}/a -H X-One:_1 -H X-One:_2"},
	{name: "a header of ours replaced", args: "-fsSL {url}/a -H Accept:_text/plain"},
	{name: "a header of ours taken off", args: "-fsSL {url}/a -H Accept:"},
	{name: "the Host header", args: "-fsSL {url}/a -H Host:_elsewhere.test"},
	{name: "headers from a file", args: "-fsSL {url}/a -H @headers"},
	{name: "agent", args: "-fsSL {url}/agent -A me/1"},
	{name: "data", args: "-fsSL {url}/a -d a=1"},
	{name: "data twice", args: "-fsSL {url}/a -d a=1 -d b=2"},
	{name: "data from a file", args: "-fsSL {url}/a -d @body"},
	{name: "data from standard input", args: "-fsSL {url}/a -d @-", stdin: "from\nstdin"},
	{name: "data by another method", args: "-fsSL -X PUT {url}/a -d a=1"},
	{name: "data of another type", args: "-fsSL {url}/a -d x -H Content-Type:_text/plain"},
	{name: "empty data", args: "-fsSL {url}/a -d _"},
	{name: "json", args: `-fsSL {url}/a --json {"a":1}`},
	{name: "json from a file", args: "-fsSL {url}/a --json @body"},
	{name: "a method", args: "-fsSL -X DELETE {url}/a"},
	{name: "the headers only", args: "-fsSLI {url}/a -o x"},
	{name: "redirect", args: "-fsSL {url}/redirect/302?to=/a"},
	{name: "redirect, not followed", args: "-fsS {url}/redirect/302?to=/a -o x --max-redirs 0 -L"},
	{name: "redirects, as many as are allowed", args: "-fsSL --max-redirs 3 {url}/chain/3"},
	{name: "redirects, one too many", args: "-fsSL --max-redirs 3 {url}/chain/4"},
	{name: "redirect of data, 301", args: "-fsSL {url}/redirect/301?to=/a -d x"},
	{name: "redirect of data, 302", args: "-fsSL {url}/redirect/302?to=/a -d x"},
	{name: "redirect of data, 303", args: "-fsSL {url}/redirect/303?to=/a -d x"},
	{name: "redirect of data, 307", args: "-fsSL {url}/redirect/307?to=/a -d x"},
	{name: "redirect of data, 308", args: "-fsSL {url}/redirect/308?to=/a -d x"},
	{name: "redirect keeps a header at home", args: "-fsSL {url}/redirect/302?to=/a -H X-One:_1"},
	{name: "redirect, named as the first URL", args: "-fsSLO {url}/redirect/302?to=/a"},

	{name: "user", args: "-fsSL -u me:pass:word {url}/a"},
	{name: "user, empty password", args: "-fsSL -u me: {url}/a"},
	{name: "user and header", args: "-fsSL -u me:p {url}/a -H Authorization:_X"},
	{name: "user and header taken off", args: "-fsSL -u me:p {url}/a -H Authorization:"},
	{name: "user goes over the URL's", args: "-fsSL -u me:p http://you:q@127.0.0.1:{port}/a"},
	{name: "user of the URL", args: "-fsSL http://you%40:q%3A@127.0.0.1:{port}/a"},
	{name: "user of the URL, no password", args: "-fsSL http://you@127.0.0.1:{port}/a"},
	{name: "user of the URL at a redirect", args: "-fsSL http://you:q@127.0.0.1:{port}/redirect/302?to={url}/a"},
	{name: "user at a redirect", args: "-fsSL -u me:p {url}/redirect/302?to={url}/a"},
	{name: "user at a redirect elsewhere", args: "-fsSL -u me:p {url}/redirect/302?to={other}/a"},
	{name: "netrc", args: "-fsSL -n {url}/a"},
	{name: "netrc, not asked for", args: "-fsSL {url}/a"},
	{name: "netrc of another host", args: "-fsSL -n http://localhost:{port}/a"},
	{name: "user goes over netrc", args: "-fsSL -n -u me:p {url}/a"},
	{name: "header goes over netrc", args: "-fsSL -n {url}/a -H Authorization:_X"},

	{name: "TLS", args: "-fsSL --cacert {ca} {tls}/a"},
	{name: "TLS, not trusted", args: "-fsSL {tls}/a --retry 0"},
	{name: "TLS, another name", args: "-fsSL --cacert {ca} --resolve h.test:{tlsport}:127.0.0.1 https://h.test:{tlsport}/a"},
	{name: "TLS, insecure", args: "-fsSLk {tls}/a"},
	{name: "TLS, no such file", args: "-fsSL --cacert nowhere.pem {tls}/a"},
	{name: "SSL_CERT_FILE", args: "-fsSL {tls}/a", env: "SSL_CERT_FILE={ca}"},
	{name: "client certificate", args: "-fsSL --cacert {ca} -E {cert} --key {key} {tls}/cert"},
	{name: "client certificate, one file", args: "-fsSL --cacert {ca} --cert {both} {tls}/cert"},
	{name: "client certificate, missing", args: "-fsSL --cacert {ca} {tls}/cert"},
	{name: "client certificate, no such file", args: "-fsSL --cacert {ca} -E nowhere.pem {tls}/cert"},

	{name: "proxy", args: "-fsSL -x http://{proxy} {url}/a"},
	{name: "proxy without a scheme", args: "-fsSL -x {proxy} http://h.test/a"},
	{name: "proxy, its user", args: "-fsSL -x http://u%40:p@{proxy} {url}/a -u me:p"},
	{name: "proxy, tunnel", args: "-fsSL -x http://u:p@{proxy} --cacert {ca} {tls}/a -u me:p"},
	{name: "proxy, SOCKS", args: "-fsSL -x socks5://{proxy} {url}/a"},
	{name: "proxy, SOCKS, remote look-up", args: "-fsSL -x socks5h://{proxy} http://h.test/a"},
	{name: "proxy, SOCKS, TLS", args: "-fsSL --proxy socks5h://{proxy} --cacert {ca} {tls}/a"},
	{name: "proxy, nobody there", args: "-fsSL -x http://127.0.0.1:1 {url}/a --retry 0"},
	{name: "proxy of another kind", args: "-fsSL -x gopher://{proxy} {url}/a", usage: true},
	{name: "proxy, redirected", args: "-fsSL -x http://{proxy} {url}/redirect/302?to={tls}/a --cacert {ca}"},
	{name: "proxy and NO_PROXY", args: "-fsSL -x http://{proxy} {url}/a", env: "NO_PROXY=127.0.0.1"},
	{name: "proxy and another NO_PROXY", args: "-fsSL -x http://{proxy} {url}/a", env: "NO_PROXY=example.com,10.0.0.1"},
	{name: "http_proxy", args: "-fsSL http://h.test/a", env: "http_proxy=http://u:p@{proxy}"},
	{name: "http_proxy and -x ''", args: "-fsSL --proxy _ {url}/a", env: "http_proxy=http://127.0.0.1:1"},
	{name: "HTTPS_PROXY", args: "-fsSL --cacert {ca} https://localhost.test:{tlsport}/a", env: "HTTPS_PROXY={proxy}"},
	{name: "HTTPS_PROXY is not for http", args: "-fsSL {url}/a", env: "HTTPS_PROXY=http://127.0.0.1:1"},
	{name: "ALL_PROXY", args: "-fsSL http://h.test/a", env: "ALL_PROXY=socks5h://{proxy}"},
	{name: "all_proxy, TLS", args: "-fsSL --cacert {ca} https://localhost.test:{tlsport}/a", env: "all_proxy={proxy} ALL_PROXY=http://127.0.0.1:1"},
	{name: "http_proxy over all_proxy", args: "-fsSL http://h.test/a", env: "http_proxy={proxy} all_proxy=http://127.0.0.1:1"},
	{name: "ALL_PROXY and NO_PROXY", args: "-fsSL {url}/a", env: "ALL_PROXY=http://127.0.0.1:1 NO_PROXY=*"},
	{name: "NO_PROXY for all", args: "-fsSL {url}/a", env: "http_proxy=http://127.0.0.1:1 NO_PROXY=*"},

	{name: "resolve", args: "-fsSL --resolve h.test:{port}:127.0.0.1 http://h.test:{port}/a"},
	{name: "resolve, two", args: "-fsSL --resolve +H.test:{port}:[::1],127.0.0.1 http://h.test:{port}/a"},
	{name: "resolve, any host", args: "-fsSL --resolve *:{port}:127.0.0.1 http://any.test:{port}/a"},
	{name: "resolve, bad", args: "-fsSL --resolve h.test {url}/a", usage: true},
	{name: "HTTP/1.1", args: "-fsSL --http1.1 {url}/a"},
	{name: "IPv6", args: "-fsSL http://[::ffff:127.0.0.1]:{port}/a"},
}

// seenByServer is what a client's run looks like from outside.
type seenByServer struct {
	Requests []string // at the server, in order
	Asked    []string // at the proxy
	Failed   string   // class of the exit status; empty is success
	Stdout   string
	Files    map[string]string // that were made
}

// recorder notes all that matters of requests, and answers them.
type recorder struct {
	mu   sync.Mutex // guards seen
	seen []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	var fields []string
	for name, values := range req.Header {
		switch {
		case name == "Accept-Encoding", name == "Proxy-Connection", name == "User-Agent" && req.URL.Path != "/agent":
			continue // each its own
		}
		fields = append(fields, fmt.Sprintf("%s: %s", name, strings.Join(values, " | ")))
	}
	slices.Sort(fields)
	who := ""
	if req.TLS != nil && len(req.TLS.PeerCertificates) > 0 {
		who = " with a certificate of " + req.TLS.PeerCertificates[0].DNSNames[0]
	}
	r.mu.Lock()
	r.seen = append(r.seen, fmt.Sprintf("%s %s to %s%s %q %q", req.Method, req.RequestURI, req.Host, who, fields, body))
	r.mu.Unlock()
	kind, rest, _ := strings.Cut(req.URL.Path[1:], "/")
	switch kind {
	case "status":
		var code int
		_, _ = fmt.Sscan(rest, &code)
		w.WriteHeader(code)
	case "redirect":
		var code int
		_, _ = fmt.Sscan(rest, &code)
		w.Header().Set("Location", req.URL.Query().Get("to"))
		w.WriteHeader(code)
	case "chain":
		var n int
		if _, _ = fmt.Sscan(rest, &n); n > 0 {
			w.Header().Set("Location", fmt.Sprintf("/chain/%d", n-1))
			w.WriteHeader(http.StatusFound)
		}
	case "cert":
		if who == "" {
			w.WriteHeader(http.StatusForbidden)
		}
	}
	if req.Method != http.MethodHead {
		_, _ = io.WriteString(w, "body of "+req.URL.Path+"\n")
	}
}

// take returns what was seen, and forgets it.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// curlClass and ourClass make exit statuses comparable. Where curl calls it
// usage or an input file, and we input, both say that the call is wrong.
func curlClass(code int) string {
	switch code {
	case 0:
		return ""
	case 5, 6, 7, 97:
		return "unanswered"
	case 2, 3, 49, 58, 77:
		return "usage"
	case 22, 47:
		return "content"
	case 60:
		return "integrity"
	}
	return fmt.Sprintf("curl's %d", code)
}

func ourClass(code int) string {
	classes := map[int]string{0: "", 1: "content", 2: "usage", 3: "unanswered", 4: "integrity"}
	if class, ok := classes[code]; ok {
		return class
	}
	return fmt.Sprintf("our %d", code)
}

// The same command line makes curl and specify fetch do the same.
func TestAsCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("SKIPPED: curl is not installed, nothing was compared with it")
	}
	certs := serve(t, 0)
	rec := &recorder{}
	plain, other := httptest.NewServer(rec), httptest.NewServer(rec)
	defer plain.Close()
	defer other.Close()
	secure := httptest.NewUnstartedServer(rec)
	secure.TLS = certs.ServerTLS()
	secure.TLS.ClientAuth = tls.VerifyClientCertIfGiven
	secure.TLS.ClientCAs = x509.NewCertPool()
	secure.TLS.ClientCAs.AppendCertsFromPEM(certs.CAPEM())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()

	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	_, tlsPort, _ := net.SplitHostPort(secure.Listener.Addr().String())
	files := t.TempDir()
	certPEM, keyPEM := certs.ClientCertPEM()
	for name, data := range map[string][]byte{"ca": certs.CAPEM(), "cert": certPEM, "key": keyPEM, "both": slices.Concat(certPEM, keyPEM)} {
		if err := os.WriteFile(filepath.Join(files, name+".pem"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range curlCases {
		t.Run(c.name, func(t *testing.T) {
			run := func(program string, args ...string) seenByServer {
				proxy, err := faultserver.StartProxy(faultserver.ProxyConfig{Dial: map[string]string{
					"h.test:80": plain.Listener.Addr().String(), "localhost.test:" + tlsPort: secure.Listener.Addr().String(),
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer proxy.Close()
				fill := strings.NewReplacer("{url}", plain.URL, "{tls}", "https://127.0.0.1:"+tlsPort, "{other}", other.URL, "{port}", port, "{tlsport}", tlsPort,
					"{proxy}", proxy.Addr(), "{ca}", files+"/ca.pem", "{cert}", files+"/cert.pem", "{key}", files+"/key.pem", "{both}", files+"/both.pem").Replace
				for arg := range strings.FieldsSeq(fill(c.args)) {
					arg = strings.ReplaceAll(arg, "_", " ")
					if arg == " " {
						arg = ""
					}
					args = append(args, arg)
				}
				env := strings.Fields(fill(c.env))
				got := runIn(t, program, args, env, c.stdin)
				got.Requests, got.Asked = rec.take(), proxy.Asked()
				for i := range got.Asked {
					got.Asked[i] = strings.ReplaceAll(got.Asked[i], proxy.Addr(), "PROXY")
				}
				return got
			}
			want := run(curl)
			got := run(os.Args[0], "fetch")
			if c.usage && want.Failed != "" {
				want.Failed = "usage"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n(-curl +specify):\n%s", c.args, diff)
			}
		})
	}
}

// runIn runs a client in a new folder and returns what came of it there.
func runIn(t *testing.T, program string, args, env []string, stdin string) (got seenByServer) {
	t.Helper()
	dir := t.TempDir()
	before := map[string]string{
		".netrc": "machine 127.0.0.1 login net password rc\n", "body": "one\ntwo\r\n", "headers": "X-Two: 2\nX-Three: 3\n", "specify.yaml": "",
	}
	for name, data := range before {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(context.Background(), program, args...)
	class := curlClass
	if program == os.Args[0] {
		cmd.Args[0], class = "specify", ourClass
	}
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case ok:
		got.Failed = class(exit.ExitCode())
		t.Logf("%s: %s", cmd.Args[0], exit.Stderr)
	case err != nil:
		t.Fatal(err)
	}
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") && strings.Contains(a, "I") }) {
		got.Stdout = string(out)
	}
	got.Files = make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := before[e.Name()]; ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got.Files[e.Name()] = string(data)
	}
	return got
}
