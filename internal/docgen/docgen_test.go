package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// The reference in the repository is what the commands say today: run "make
// docs" when it is not.
func TestReference(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "reference")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(name)] = string(text)
	}
	if diff := cmp.Diff(markdownPages(), got); diff != "" {
		t.Errorf("docs/reference is not what the commands say: run make docs (-want +got)\n%s", diff)
	}
}

// Each page of Markdown links to pages that are there, and each flag of each
// command stands on its man page, in macros of man(7) only.
func TestPages(t *testing.T) {
	markdown, man := markdownPages(), manPages()
	for name, text := range markdown {
		for part := range strings.SplitSeq(text, "](") {
			if link, _, ok := strings.Cut(part, ")"); ok && strings.HasSuffix(link, ".md") && markdown[link] == "" {
				t.Errorf("%s links to %s", name, link)
			}
		}
	}
	macros := map[string]bool{".TH": true, ".SH": true, ".SS": true, ".TP": true, ".PP": true, ".B": true, ".BR": true, ".I": true, ".br": true, ".nf": true, ".fi": true}
	for _, cmd := range tree() {
		text := man[page(cmd, "-")+".1"]
		for line := range strings.Lines(text) {
			if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(line, ".") && !macros[word] {
				t.Errorf("%s: %q", cmd.CommandPath(), line)
			}
		}
		list, _ := groups(cmd)
		for _, g := range list {
			g.Flags.VisitAll(func(f *pflag.Flag) {
				if !strings.Contains(text, roff("--"+f.Name)+`\fP`) || !strings.Contains(markdown[page(cmd, "_")+".md"], "--"+f.Name) {
					t.Errorf("%s: --%s is missing", cmd.CommandPath(), f.Name)
				}
			})
		}
	}
}

func TestRoff(t *testing.T) {
	if got, want := roff(".dot\n'quote\nback\\slash --x"), "\\&.dot\n\\&'quote\nback\\eslash \\-\\-x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	for _, pages := range []map[string]string{{"specify.1": "a", "specify-old.1": "b"}, {"specify.1": "c"}} {
		if err := write(dir, pages); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}
