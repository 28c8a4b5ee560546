package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// newFlags are some settings of each kind.
func newFlags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	fs.Int("retry", 3, "")
	fs.Int("jobs", 32, "")
	fs.Bool("silent", false, "")
	fs.Bool("allow-exec", false, "")
	fs.Duration("retry-delay", 0, "")
	fs.String("output", "", "")
	fs.StringArray("header", nil, "")
	fs.Var(new(entries), hostsKey, "")
	_ = fs.MarkHidden(hostsKey)
	return fs
}

// entries is a Hosts that keeps what it is told.
type entries struct{ headers [][3]string }

func (e *entries) String() string   { return "" }
func (e *entries) Type() string     { return "hosts" }
func (e *entries) Set(string) error { return errors.New("not this way") }
func (e *entries) Expand() bool     { return true }
func (e *entries) Header(name, written, value string) {
	e.headers = append(e.headers, [3]string{name, written, value})
}
func (e *entries) Begin(string, string) (*pflag.FlagSet, error) {
	fs := pflag.NewFlagSet("entry", pflag.ContinueOnError)
	fs.Int("retry", 0, "")
	return fs, nil
}

// applied completes new flags from a file with that text.
func applied(t *testing.T, text string) (*pflag.FlagSet, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("c.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := newFlags()
	return fs, Source{Getenv: func(string) string { return "" }}.Apply(fs, func() *pflag.FlagSet { return fs }, "c.yaml")
}

func TestWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown", "retry: 1\nretyr: 2", `c.yaml:2: unknown setting "retyr"; did you mean "retry"?`},
		{"unknown, in another spelling", "Retry_Delay: 1s", `c.yaml:1: unknown setting "Retry_Delay"; did you mean "retry-delay"?`},
		{"unknown, and nothing near", "zebra: 1", `c.yaml:1: unknown setting "zebra"`},
		{"hidden", "hots: 1", `c.yaml:1: unknown setting "hots"; did you mean "hosts"?`},
		{"twice", "retry: 1\n\nretry: 2", `c.yaml:3: setting "retry" stands twice, first in line 1`},
		{"tab", "header:\n\t- a", "c.yaml:2: indented with a tab; YAML takes spaces"},
		{"syntax", "retry: [1", "c.yaml:1: did not find expected ',' or ']'"},
		{"@ without quotes", "header: [a, @f]", "c.yaml:1: found character that cannot start any token"},
		{"a list for a value", "retry: [1, 2]", `c.yaml:1: setting "retry": one value, not a list`},
		{"a map for a value", "retry: {a: 1}", `c.yaml:1: setting "retry": neither a value nor a list`},
		{"lists in a list", "header: [[a]]", `c.yaml:1: setting "header": a list of values, not of lists or maps`},
		{"an alias", "output: &a x\nheader: *a", `c.yaml:2: setting "header": neither a value nor a list`},
		{"merge", "<<: {retry: 1}", `c.yaml:1: unknown setting "<<"`},
		{"no value", "silent:", `c.yaml:1: setting "silent": no value ("" is the default)`},
		{"not a number", "jobs: 1\nretry: many", "c.yaml:2: retry: not a whole number"},
		{"not a bool", "silent: yes", "c.yaml:1: silent: neither true nor false"},
		{"a list at the top", "- retry", "c.yaml:1: not a list of settings (key: value)"},
		{"a word", "retry", "c.yaml:1: not a list of settings (key: value)"},
		{"two documents", "retry: 1\n---\nretry: 2", "c.yaml:2: a second document; only one is read"},
		{"NUL", "output: \"a\\0b\"", `c.yaml:1: setting "output": a NUL character`},
		{"long", "# " + strings.Repeat("x", 10<<20), "c.yaml: larger than 1 MiB: not a configuration file"},
		{"hosts", "hosts: 7", `c.yaml:1: hosts: not a list of entries (- match: "HOST")`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := applied(t, tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestWhatIsRight(t *testing.T) {
	for _, text := range []string{"", "# nothing", "---", "null", "retry: \"\"", "header: []", "hosts: []", "hosts: \"\"", "\ufeffretry: 3", "retry: 3\r\njobs: 32\r\n"} {
		fs, err := applied(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if fs.Lookup("retry").Value.String() != "3" || fs.Lookup("jobs").Value.String() != "32" {
			t.Errorf("%q changes what it does not name", text)
		}
	}
	fs, err := applied(t, "header: one\nretry-delay: 2s\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := fs.Lookup("header").Value.String(); got != "[one]" {
		t.Errorf("a value for a list is %s", got)
	}
	if place, pinned := Origin(fs.Lookup("retry-delay")); place != "c.yaml:2" || pinned {
		t.Errorf("from %q, pinned: %v", place, pinned)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	fs := newFlags()
	none := Source{Getenv: func(string) string { return "" }}
	for _, tt := range []struct{ path, want string }{
		{"dir", "dir: is a directory"},
		{"nowhere", "nowhere: no such file or directory"},
		{filepath.Join("dir", strings.Repeat("n", 300)), "file name too long"},
	} {
		if err := none.Apply(fs, func() *pflag.FlagSet { return fs }, tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.path, err, tt.want)
		}
	}
	if err := os.Mkdir(hereFile, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := none.Apply(fs, func() *pflag.FlagSet { return fs }, ""); err == nil || err.Error() != "specify.yaml: is a directory" {
		t.Errorf("a folder named specify.yaml: %v", err)
	}
}

// What comes with a folder must not run commands, or send files.
func TestNotFromHere(t *testing.T) {
	for text, want := range map[string]string{
		"allow-exec: true":         `setting "allow-exec" is not taken from ./specify.yaml`,
		"header: [\"A: b\", '@f']": "@FILE is not taken from ./specify.yaml",
		"header: \"@f\"":           "@FILE is not taken from ./specify.yaml",
		"allow-exec: false":        "",
		"header: [\"A: @b\"]":      "",
	} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile(hereFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(hereFile, "link"); err != nil {
			t.Fatal(err)
		}
		for _, explicit := range []string{"", hereFile, "./" + hereFile, "link"} {
			fs := newFlags()
			err := Source{Getenv: func(string) string { return "" }}.Apply(fs, func() *pflag.FlagSet { return fs }, explicit)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%q by %q: %v, want %q", text, explicit, err, want)
			}
		}
	}
}

// FuzzFile reads any file: it ends, and every error has its place; what is
// accepted is what the flags accept, and no variable gets out but into a header.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"retry: 4\nheader: [a, b]\n", "hosts:\n  - match: \"*.h\"\n    retry: 1\n    headers: {A: \"Bearer ${TOKEN}\"}\n",
		"a: &a [*a]", "? [x]\n: y", "header: |\n  a\n  b\n", "%YAML 1.1\n---\nretry: 0x10", "hosts: [{match: h, match: g}]", "{\"retry\": 3}", "!!binary retry: 1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fs := newFlags()
		d, err := parse("c.yaml", data, fs)
		if err == nil {
			d.vouched = true
			s := Source{Getenv: func(string) string { return "the secret" }}
			if err = d.others(pflag.NewFlagSet("", pflag.ContinueOnError), fs); err == nil && d.hosts != nil {
				err = s.hosts(fs, fs, d)
			}
			for _, h := range fs.Lookup(hostsKey).Value.(*entries).headers {
				if strings.ContainsAny(h[2], "\r\n\x00") {
					t.Errorf("header %q: %q", h[0], h[2])
				}
				if strings.Contains(h[2], "the secret") && !strings.Contains(h[1], "${") && !strings.Contains(h[1], "the secret") {
					t.Errorf("%q became %q", h[1], h[2])
				}
			}
		}
		if wrong, ok := errors.AsType[*Error](err); err != nil && (!ok || !strings.HasPrefix(wrong.Place, "c.yaml")) {
			t.Errorf("an error without its place: %v", err)
		}
	})
}
