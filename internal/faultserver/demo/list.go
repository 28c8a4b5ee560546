package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/specify-cli/specify/internal/faultserver"
)

// origin is one server in the demo's little world.
type origin struct {
	name  string
	about string
	count int
	path  func(i int) string // of the i-th URL, from 0
}

// origins are served by the plain listeners "origin1" and so on, in this order;
// the dead one comes apart from them.
var origins = []origin{
	{"good", "answers at once", 20, func(i int) string { return fmt.Sprintf("/bytes/%d", 1000<<(i%10)+i) }},
	{"slow", "takes 200 ms to 1.1 s", 10, func(i int) string { return fmt.Sprintf("/slow/%d", 200+100*i) }},
	{"flaky", "fails once or twice and then works", 12, func(i int) string {
		return fmt.Sprintf([]string{"/flaky/1/%d", "/cut-then-ok/1/%d", "/reset-then-ok/1/%d", "/flaky/2/%d"}[i%4], i)
	}},
	{"throttled", "asks all to wait 2 s, once", 8, func(i int) string { return fmt.Sprintf("/throttle/%d?scope=origin&after=2", i) }},
	{"broken", "never answers right", 6, func(i int) string {
		return []string{"/cl-short", "/chunk-missing-last", "/gzip-bad-sum", "/status/404", "/redirect-loop", "/status/500"}[i]
	}},
}

var dead = origin{"dead", "refuses connections", 4, func(i int) string { return fmt.Sprintf("/%d", i) }}

// writeLists writes the URLs into dir, a section each origin, and returns the
// path of the list. Beside it is curl.txt, the same as a curl configuration.
func writeLists(dir string, server *faultserver.Server) (string, error) {
	var list, curl strings.Builder
	section := func(o origin, listener string) {
		fmt.Fprintf(&list, "# %s: %s\n", o.name, o.about)
		for i := range o.count {
			url := server.URL(listener, o.path(i))
			fmt.Fprintln(&list, url)
			fmt.Fprintf(&curl, "url = %q\noutput = \"/dev/null\"\n", url)
		}
	}
	for i, o := range origins {
		section(o, fmt.Sprintf("origin%d", i+1))
	}
	section(dead, faultserver.Refused)
	path := filepath.Join(dir, "urls.txt")
	if err := os.WriteFile(path, []byte(list.String()), 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(filepath.Join(dir, "curl.txt"), []byte(curl.String()), 0o600)
}

// expand puts the paths in the place of {urls} and {dir}.
func expand(args []string, urls, dir string) []string {
	names := strings.NewReplacer("{urls}", urls, "{dir}", dir)
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = names.Replace(arg)
	}
	return all
}
