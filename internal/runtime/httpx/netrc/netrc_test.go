package netrc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	f, err := Parse("\ufeff# comment\nmachine h.test login \"a b\" password \"p\\\"\\\\#\\t\"\r\n" +
		"machine h.test login second password two account x\n" +
		"macdef init\nmachine evil.test login m password m\n\n" +
		"machine i.test\n\tlogin user#1\n\tpassword p#2 # no comment within a word\n" +
		"machine nobody.test\n" +
		"default login anonymous password guest\nmachine late.test login x password y")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ host, login, want string }{
		{"h.test", "", "a b:p\"\\#\t"},
		{"H.TEST", "", "a b:p\"\\#\t"},
		{"h.test", "second", "second:two"},
		{"h.test", "third", ""},
		{"i.test", "", "user#1:p#2"},
		{"evil.test", "", "anonymous:guest"}, // in a macro
		{"nobody.test", "", ":"},
		{"sub.h.test", "", "anonymous:guest"},
		{"late.test", "", "anonymous:guest"}, // behind the default
		{"late.test", "x", "x:y"},
		{"", "", "anonymous:guest"},
	} {
		login, password, ok := f.Find(c.host, c.login)
		got := ""
		if ok {
			got = login + ":" + password
		}
		if got != c.want {
			t.Errorf("%q as %q: %q, want %q", c.host, c.login, got, c.want)
		}
	}
	if _, _, ok := (File{}).Find("h.test", ""); ok {
		t.Error("the empty file has an entry")
	}
	if f, err := Parse(`machine "" login a password b`); err != nil {
		t.Error(err)
	} else if _, _, ok := f.Find("h.test", ""); ok {
		t.Error("a machine without a name is everybody's")
	}
	if f, err := Parse("macdef init\r\necho machine\r\n\r\nmachine h.test login a password b"); err != nil {
		t.Error(err)
	} else if _, password, _ := f.Find("h.test", ""); password != "b" {
		t.Error("the macro has no end")
	}
}

func TestParseErrors(t *testing.T) {
	for data, want := range map[string]string{
		"machine":                          "line 1: nothing follows",
		"machine h\nlogin a\npassword":     "line 3: nothing follows",
		"login SECRET":                     "line 1: \"login\" before any machine",
		"machine h login a\n\nSECRET":      "line 3: not machine",
		"machine h password \"SECRET":      "line 1: a quote that does not end",
		"machine h password \"SEC\nRET\"":  "line 1: a quote that does not end",
		"machine h password SECRET SECRET": "line 1: not machine",
		"macdef x\na\nb\n\nSECRET":         "line 5: not machine",
	} {
		_, err := Parse(data)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "SEC") {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("NETRC", "")
	name := filepath.Join(home, ".netrc")
	if _, err := Load(); err == nil || err.Error() != name+": no such file or directory" {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(name, []byte("default login a password b"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Load()
	if login, _, _ := f.Find("h", ""); login != "a" || err != nil {
		t.Errorf("%q, %v", login, err)
	}
	other := filepath.Join(home, "other")
	if err := os.WriteFile(other, []byte("password SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NETRC", other)
	if _, err := Load(); err == nil || !strings.HasPrefix(err.Error(), other+": line 1: ") {
		t.Errorf("%v", err)
	}
}

// A file that is read gives its words back, quoted, to the same effect.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"machine h login a password b", "default login \"a b\" password \\\"", "macdef m\n\nmachine", "# x\n\"machine\" h", "machine \"h\nlogin"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		file, err := Parse(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q: %q", data, err)
			}
			return
		}
		var b strings.Builder
		for _, e := range file.entries {
			if e.any {
				b.WriteString("default")
			} else {
				b.WriteString("machine " + quoted(e.host))
			}
			b.WriteString("\tlogin " + quoted(e.login) + "\npassword " + quoted(e.password) + "\n")
		}
		again, err := Parse(b.String())
		if err != nil || len(again.entries) != len(file.entries) {
			t.Fatalf("%q: again %q: %v", data, b.String(), err)
		}
		for i := range again.entries {
			if again.entries[i] != file.entries[i] {
				t.Errorf("%q: entry %d is %+v, then %+v", data, i, file.entries[i], again.entries[i])
			}
		}
	})
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
