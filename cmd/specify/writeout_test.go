package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/faultserver"
)

// What --write-out says is what curl says of the same answers.
func TestWriteOutAsCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed (Debian: curl): nothing to compare --write-out with")
	}
	server, err := faultserver.Start(faultserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, server.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	const same = "http_code response_code url url_effective method scheme http_version content_type size_download num_redirects " +
		"num_headers remote_ip remote_port"
	var format strings.Builder
	for name := range strings.FieldsSeq(same) {
		format.WriteString(name + `=%{` + name + `}\n`)
	}
	format.WriteString(`etag=%header{etag}\n100%% a\b %x %{open %\t|`)
	for _, tt := range []struct {
		name, listener, path string
		args                 []string
	}{
		{"text", "plain", "/ok", nil},
		{"no path", "plain", "", nil},
		{"binary", "plain", "/bytes/100000", nil},
		{"empty", "plain", "/bytes/0", nil},
		{"no content", "plain", "/status/204", nil},
		{"not found", "plain", "/status/404", nil},
		{"query", "plain", "/ok?a=b%20c", nil},
		{"posted", "plain", "/ok", []string{"-d", "x=1"}},
		{"put", "plain", "/ok", []string{"-X", "PUT", "-d", "x=1"}},
		{"validators", "plain", "/cond/a", nil},
		{"redirects", "plain", "/redirect-chain/3", []string{"-L"}},
		{"HTTP/1.0", "plain", "/http10", nil},
		{"TLS", "tls", "/ok", nil},
		{"HTTP/2", "h2", "/ok", nil},
		{"refused", "refused", "/x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := strings.TrimSuffix(server.URL(tt.listener, "/"), "/") + tt.path
			args := append([]string{"-s", "-o", filepath.Join(t.TempDir(), "body"), "-w", format.String(), url}, tt.args...)
			want := output(t, nil, curl, append(args, "--cacert", ca)...)
			got := output(t, []string{"SSL_CERT_FILE=" + ca}, "", append([]string{"fetch", "--retry", "0"}, args...)...)
			want = strings.NewReplacer("scheme=HTTPS", "scheme=https", "scheme=HTTP", "scheme=http").Replace(want) // capitals until curl 8.8
			if got != want {
				t.Errorf("got:\n%s\ncurl says:\n%s", got, want)
			}
		})
	}
}

// output returns what a program, "" being this one, writes to stdout; its exit
// status is not looked at.
func output(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	if program == "" {
		program = os.Args[0]
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	if program == os.Args[0] {
		cmd.Args[0] = "specify" // TestMain goes by it
	}
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, hasty}, env...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String()
}
