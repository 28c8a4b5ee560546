//go:build unix

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// secret is what must not be found, planted in every place that is for secrets,
// with a number that tells where it was planted.
const secret = "5ecr3t"

// shapes are the ways in which it would be readable all the same: as it is, and
// as the Basic credentials that a URL's userinfo becomes.
var shapes = func() []string {
	all := []string{secret}
	for i := range 3 { // base64 has three, by where in the text it begins
		enc := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + secret + "xx"))
		all = append(all, enc[2+i:len(enc)-4])
	}
	return all
}()

// noSecret fails the test for each place of text in which a secret is.
func noSecret(t *testing.T, where, text string) {
	t.Helper()
	for _, shape := range shapes {
		if i := strings.Index(text, shape); i >= 0 {
			t.Errorf("%s tells a secret: …%s…", where, text[max(0, i-80):min(len(text), i+40)])
		}
	}
}

// A list whose every line holds secrets and ends in its own kind of trouble,
// told of as loudly as can be: no secret is in anything that was produced.
func TestSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := serve(t, 1)
			plain := func(path string) string { return server.URL(faultserver.Plain, path) }
			mover := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				w.Header()["Location"] = []string{[]string{
					plain("/status/404?sig=" + secret), strings.Replace(plain("/status/500"), "//", "//user:"+secret+"@", 1),
					"ftp://u:" + secret + "@127.0.0.1/x", "http://u:" + secret + "@[::1/x y?sig=" + secret, "/%zz?sig=" + secret,
				}[req.URL.Path[1]-'0']}
				w.WriteHeader(http.StatusFound)
			}))
			t.Cleanup(mover.Close)
			dir := t.TempDir()
			n := 0
			// guilty puts secrets into a URL: as userinfo and as signatures.
			guilty := func(url string) string {
				n++
				mark := fmt.Sprintf("%s-%d", secret, n)
				url = strings.Replace(url, "://", "://user-"+mark+":password-"+mark+"@", 1)
				sep := "?"
				if strings.Contains(url, "?") {
					sep = "&"
				}
				return url + sep + "sig=" + mark + "&a=b&X-Amz-Signature=" + mark + "&access_token=" + mark + "#access_token=" + mark
			}
			var list []string
			for _, url := range []string{
				plain("/status/200"), plain("/status/404"), plain("/status/503"), plain("/flaky/1/a"),
				plain("/cl-short"), plain("/gzip-bad-sum"), plain("/reset-then-ok/9/a"), plain("/redirect-loop"),
				mover.URL + "/0", mover.URL + "/1", mover.URL + "/2", mover.URL + "/3", mover.URL + "/4",
				server.URL("origin1", "/retry-after/429?v=9223372037"), plain("/bytes/100000"),
				server.URL(faultserver.Silent, "/x"), server.URL(faultserver.Refused, "/x"), server.URL(faultserver.TLS, "/ok"),
				"http://127.0.0.1:99999/x", "http://[::1/x", "ftp://127.0.0.1/x", "http://127.0.0.1:1/%zz",
			} {
				list = append(list, guilty(url))
			}
			line := func(fields map[string]any) {
				text, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, string(text))
			}
			headers := map[string]string{"Authorization": "Bearer " + secret + "-line", "Cookie": "c=" + secret, "Proxy-Authorization": "Basic " + secret}
			line(map[string]any{"url": guilty(plain("/status/401")), "headers": headers, "output": "named"})
			line(map[string]any{"url": guilty(plain("/status/200?twice")), "output": "named"})
			line(map[string]any{"url": guilty(plain("/status/200?sum")), "checksum": "sha256:" + strings.Repeat("0", 64)})
			line(map[string]any{"url": guilty(plain("/status/200?bad")), "headers": map[string]string{"Authorization": "a\r\n" + secret}})
			line(map[string]any{"exec": []string{"sh", "-c", "exit 3", secret + "-argv", "--password=" + secret}})
			line(map[string]any{"exec": []string{"no-such-program", secret + "-argv"}})
			writeLines(t, dir, len(list), func(i int) string { return list[i] })

			receiver := otlptest.NewReceiver(t)
			common := []string{"-vvv", "--log-format", format, "--trace-file", "spans.json", "--retry", "1", "--retry-delay", "1ms"}
			request := append([]string{"--max-filesize", "90000", "--breaker-failures", "0", "--read-timeout", "300ms",
				"-H", "Authorization: Bearer " + secret + "-flag", "-H", "Cookie: c=" + secret, "-H", "Proxy-Authorization: Basic " + secret}, common...)
			var runs []*running
			run := func(args ...string) {
				p := prepared(t, dir, args...)
				p.Env = append(p.Env, "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL(),
					"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20"+secret+"-otlp",
					"HTTPS_PROXY=http://u:"+secret+"@127.0.0.1:1", "NO_PROXY=127.0.0.1", "CI_TOKEN="+secret, "BAGGAGE=token="+secret)
				p.launch(t)
				p.end(t, time.Minute)
				runs = append(runs, p)
			}
			run(append([]string{"batch", "--file", "list.txt"}, request...)...)
			// The lines that are no tasks have stopped that one. Without them:
			good := make([]string, 0, len(list))
			for _, l := range list {
				if !strings.Contains(l, ":99999") && !strings.Contains(l, "@[::1/x?") && !strings.HasPrefix(l, "ftp:") && !strings.Contains(l, "%zz") && !strings.Contains(l, `\r\n`) {
					good = append(good, l)
				}
			}
			writeLines(t, dir, len(good), func(i int) string { return good[i] })
			run(append([]string{"batch", "--file", "list.txt", "--allow-exec", "--results", "r.ndjson", "--output-dir", "out",
				"--report", "html=r.html", "--report", "junit=r.xml", "--report", "md=r.md"}, request...)...)
			run("report", "r.ndjson")
			for _, l := range list {
				if strings.HasPrefix(l, "{") {
					continue
				}
				if format == "text" || strings.Contains(l, "[::1") || strings.Contains(l, "99999") {
					run(append([]string{"fetch", l}, request...)...)
				}
			}
			run(append([]string{"batch", list[0], list[1], "--results", "s.ndjson", "--deadline", "1ms"}, request...)...)
			run(append([]string{"exec", "--results", "e.ndjson"}, append(common, "--", "sh", "-c", "exit 3", secret+"-argv")...)...)
			run(append([]string{"exec"}, append(common, "--", "no-such-program", secret+"-argv")...)...)
			run("fetch", "-H", "no colon "+secret, plain("/ok"))
			run("fetch", "--no-such-flag="+secret, plain("/ok"))

			for _, p := range runs {
				noSecret(t, "stdout of "+p.Args[1], p.stdout.String())
				noSecret(t, "stderr of "+p.Args[1], p.stderr.String())
			}
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				name, err := filepath.Rel(dir, path)
				if err != nil {
					return err
				}
				noSecret(t, "the name of a file", name)
				if d.IsDir() || name == "list.txt" {
					return nil
				}
				text, err := os.ReadFile(path)
				noSecret(t, name, string(text))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			spans := receiver.Resources()
			for _, rs := range spans {
				noSecret(t, "a span", prototext.Format(rs))
			}
			for _, m := range receiver.Metrics() {
				noSecret(t, "a metric", prototext.Format(m))
			}

			// All of that has had something to tell.
			ledger := readLedger(t, filepath.Join(dir, "r.ndjson"))
			kinds := make(map[string]bool)
			for _, r := range ledger.newest {
				if r.Error != nil {
					kinds[string(r.Error.Type)] = true
				}
			}
			t.Logf("%d runs, %d spans, %d records with %d kinds of error", len(runs), len(otlptest.Flatten(spans)), len(ledger.newest), len(kinds))
			if len(kinds) < 10 || len(spans) == 0 || len(receiver.Metrics()) < 3 {
				t.Errorf("kinds of error: %v; %d exports of spans, %d metrics", kinds, len(spans), len(receiver.Metrics()))
			}
		})
	}
}
