//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notRun are the blocks of commands that are not run here, by document and
// first line, and why. Above each stands the comment <!-- not run -->.
var notRun = map[string]string{
	"README.md: curl -fsSLO https://raw":             "fetches a release; TestInstall runs install.sh",
	"CONTRIBUTING.md: make check":                    "would run this test",
	"docs/worked-example.md: $ specify batch --file": "ten thousand URLs on nginx: TestNginx runs it",
	"docs/PATTERNS.md: go -C bench":                  "benchmarks, which take minutes",
	"docs/worked-example.md: $ jq":                   "goes on with the block before it",
}

// TestDocuments runs every command that README.md, CONTRIBUTING.md and
// docs/*.md show, document by document, each in an empty folder and one bash,
// against the little world of world_test.go. A block of the language
//
//   - console holds commands behind "$ " (and "> " where they go on), each with
//     what it prints on standard output and standard error together. It must
//     print just that, times aside; a line "..." stands for any lines. A command
//     must exit with 0, unless the one after it is "echo $?".
//   - sh is one script, which must exit with 0 and may print what it likes.
//   - yaml and groovy are configurations of CI: the steps in one, which are
//     scripts, are run in a folder of their own, with a list urls.txt.
//
// With -update the documents get the outputs, for a person to read once more.
//
// No other block may hold a "$ " in front of a line.
func TestDocuments(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, filepath.Join("..", "..", "README.md"), filepath.Join("..", "..", "CONTRIBUTING.md"))
	left := make(map[string]bool)
	for name := range notRun {
		left[name] = true
	}
	for _, name := range names {
		short := strings.TrimPrefix(filepath.ToSlash(name), "../../")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var run []command
		for _, b := range blocks(string(text)) {
			if b.marked {
				key := reasonOf(short, b)
				if key == "" {
					t.Errorf("%s:%d is marked as not run, and notRun has no reason", short, b.line)
				}
				delete(left, key)
				continue
			}
			if len(b.commands()) == 0 && regexp.MustCompile(`(?m)^\$ `).MatchString(b.text) {
				t.Errorf("%s:%d shows a command in a block of %q: say console", short, b.line, b.lang)
			}
			if b.lang == "yaml" || b.lang == "groovy" { // another CI, another folder
				if steps := b.commands(); len(steps) > 0 {
					t.Run(fmt.Sprint(short, ":", b.line), func(t *testing.T) { runDocument(t, name, steps) })
				}
				continue
			}
			run = append(run, b.commands()...)
		}
		if len(run) > 0 {
			t.Run(short, func(t *testing.T) { runDocument(t, name, run) })
		}
	}
	for name := range left {
		t.Errorf("notRun has a reason for %q, which is not there", name)
	}
}

func reasonOf(document string, b block) string {
	for name := range notRun {
		if strings.HasPrefix(document+": "+b.text, name) {
			return name
		}
	}
	return ""
}

func runDocument(t *testing.T, name string, list []command) {
	w := newWorld(t)
	results := w.bash(t, list)
	if *update {
		rewrite(t, name, list, results)
		return
	}
	for i, c := range list {
		where := fmt.Sprintf("%s:%d: %s", filepath.Base(name), c.line, c.text)
		if i >= len(results) {
			t.Fatalf("%s\nwas not reached", where)
		}
		got := results[i]
		shows := i+1 < len(list) && list[i+1].text == "echo $?"
		if got.status != 0 && !shows {
			t.Errorf("%s\nexit status %d, which the document does not show\n%s", where, got.status, got.output)
		}
		if c.shown && !sameOutput(c.output, got.output) {
			t.Errorf("%s\nprints\n%s\nand the document says\n%s", where, got.output, c.output)
		}
	}
}

// rewrite puts what commands printed into a document, where that differs.
func rewrite(t *testing.T, name string, list []command, results []result) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i, got := range slices.Backward(results) { // from the end, so that line numbers stay right
		c := list[i]
		if !c.shown || sameOutput(c.output, got.output) {
			continue
		}
		from := c.line + strings.Count(c.text, "\n")
		if got.output != "" && !strings.HasSuffix(got.output, "\n") {
			got.output += "\n"
		}
		lines = slices.Replace(lines, from, from+strings.Count(c.output, "\n"), got.output)
	}
	if err := os.WriteFile(name, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// varying are the parts of an output that differ from run to run.
var varying = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z?`), "DATE"},
	{regexp.MustCompile(`"(duration|wait|queue|rate|backoff|breaker|dns|connect|tls|first_byte|transfer)":[\d.e-]+`), `"$1":TIME`},
	{regexp.MustCompile(`"remote":"[^"]*"`), `"remote":"ADDRESS"`},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "ID"},
	{regexp.MustCompile(` \([\d.]+(µs|ms|s) waiting [^)]*\)`), ""}, // said only where it is much
	{regexp.MustCompile(`\b[\d.]+(µs|ms|s)\b`), "TIME"},
	{regexp.MustCompile(`; slowest origin .*`), ""},
	{regexp.MustCompile(`; \d+ retr(y|ies)`), ""}, // who asks before the first 429 is back is a matter of chance
	{regexp.MustCompile(`\d+%`), "N%"},
	{regexp.MustCompile(` +`), " "},
}

func masked(s string) []string {
	for _, v := range varying {
		s = v.pattern.ReplaceAllString(s, v.mask)
	}
	return strings.Split(strings.TrimRight(s, "\n"), "\n")
}

// sameOutput tells whether got is what a document shows, in which the line
// "..." stands for any number of lines.
func sameOutput(shown, got string) bool {
	return matchLines(masked(shown), masked(got))
}

func matchLines(want, got []string) bool {
	for len(want) > 0 && want[0] != "..." {
		if len(got) == 0 || strings.TrimSpace(want[0]) != strings.TrimSpace(got[0]) {
			return false
		}
		want, got = want[1:], got[1:]
	}
	if len(want) == 0 {
		return len(got) == 0
	}
	for i := range len(got) + 1 {
		if matchLines(want[1:], got[i:]) {
			return true
		}
	}
	return false
}

func TestSameOutput(t *testing.T) {
	for _, tt := range []struct {
		shown, got string
		want       bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\n", "a\nb\n", false},
		{"a\n...\n", "a\nb\nc\n", true},
		{"...\nc\n", "a\nb\nc\n", true},
		{"...\nb\n", "a\nb\nc\n", false},
		{"404 Not Found in 87ms", "404 Not Found in 1.2s", true},
		{"404 Not Found in 87ms", "500 Internal Server Error in 87ms", false},
		{"60 tasks: 50 ok", "60 tasks: 49 ok", false},
	} {
		if got := sameOutput(tt.shown, tt.got); got != tt.want {
			t.Errorf("%q and %q: %v, want %v", tt.shown, tt.got, got, tt.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	const text = "Text.\n\n```console\n$ one \\\n> two\nout\n$ three\n```\n\n<!-- not run -->\n```sh\nmake\n```\n\n```yaml\n- run: four\n- run: |\n    five\n    six\n```\n"
	list := blocks(text)
	if len(list) != 3 || list[0].marked || !list[1].marked {
		t.Fatalf("%+v", list)
	}
	want := []command{{4, "one \\\ntwo", "out\n", true}, {7, "three", "", true}}
	if got := list[0].commands(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	want = []command{{16, "(set -e; four\n)", "", false}, {17, "(set -e; five\nsix\n)", "", false}}
	if got := list[2].commands(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
