package files

import (
	"net/url"
	"strings"
	"testing"
)

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestName(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, tt := range []struct{ url, want string }{
		{"https://example.com/a/b.tgz", "example.com/a/b.tgz"},
		{"https://EXAMPLE.com:443/A", "example.com/A"},
		{"http://example.com:80/a", "example.com/a"},
		{"http://example.com:443/a", "example.com_443/a"},
		{"http://127.0.0.1:8080/a/", "127.0.0.1_8080/a/index"},
		{"http://a_8080/x", "a%5f8080/x"},
		{"http://a_80:80/x", "a%5f80/x"},
		{"http://my_host/x", "my_host/x"},
		{"http://[::1]:8080/", "%3a%3a1_8080/index"},
		{"http://[fe80::1%25eth0]/", "fe80%3a%3a1%25eth0/index"},
		{"http://bücher.example/", "b%c3%bccher.example/index"},
		{"https://u:secret@h/x#part", "h/x"},
		{"https://h", "h/index"},
		{"https://h/", "h/index"},
		{"https://h/index", "h/inde%78"},
		{"https://h/index/", "h/index/index"},
		{"https://h/index.html", "h/index.html"},
		{"https://h//", "h/%/index"},
		{"https://h/a//b", "h/a/%/b"},
		{"https://h/.", "h/%2e"},
		{"https://h/../../etc/passwd", "h/%2e%2e/%2e%2e/etc/passwd"},
		{"https://h/%2e%2E/x", "h/%2e%2e/x"},
		{"https://h/..%2f..%2fetc", "h/..%2F..%2Fetc"},
		{`https://h/..\..\x`, `h/..%5C..%5Cx`},
		{"https://h/a%00b", "h/a%00b"},
		{"https://h/a%0ab%7f", "h/a%0Ab%7F"},
		{"https://h/a%2fb", "h/a%2Fb"},
		{"https://h/a%3ab", "h/a%3Ab"},
		{"https://h/a:b", "h/a%3ab"},
		{"https://h/C:/x", "h/C%3a/x"},
		{"https://h/x*", "h/x%2a"},
		{"https://h/x%2A", "h/x%2A"},
		{"https://h/%7ejoe/%41", "h/~joe/A"},
		{"https://h/é x", "h/%C3%A9%20x"},
		{"https://h/a%20", "h/a%20"},
		{"https://h/a.", "h/a%2e"},
		{"https://h/a...", "h/a..%2e"},
		{"https://h/con", "h/%63on"},
		{"https://h/NUL.tar.gz", "h/%4eUL.tar.gz"},
		{"https://h/Com1.", "h/%43om1%2e"},
		{"https://h/com10", "h/com10"},
		{"https://aux.example/x", "%61ux.example/x"},
		{"https://h/.specify-x.part", "h/.specify-x%2epart"},
		{"https://h/x.SPECIFY.part", "h/x.SPECIFY%2epart"},
		{"https://h/s?q=go", "h/s@61f03144952de83d"},
		{"https://h/s?", "h/s@e3b0c44298fc1c14"},
		{"https://h/?a/../b", "h/index@900ea8b7e0d8fe30"},
		{"https://h/s@61f03144952de83d", "h/s@%361f03144952de83d"},
		{"https://h/@scope/vue@3.2", "h/@scope/vue@3.2"},
		{"https://h/" + long, "h/" + long[:182] + "%-9835fa6bf4e20a9b"},
	} {
		got, err := Name(parse(t, tt.url))
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
		} else if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.url, got, tt.want)
		}
	}
}

func TestNameWithoutHost(t *testing.T) {
	for _, raw := range []string{"", "/a", "mailto:x@y", "http:///a", "file:///etc/passwd"} {
		if name, err := Name(parse(t, raw)); errorType(err) != "input" {
			t.Errorf("%q: %q, %v", raw, name, err)
		}
	}
}

// same returns what two URLs with one name have in common: host, port, and a
// path in the normal form of RFC 3986 §6.2.2, which here is made the other way
// round than Name does it: everything but delimiters is decoded, and tagged.
func same(u *url.URL) string {
	var b strings.Builder
	b.WriteString(asciiLower(u.Hostname()) + "\x00" + portOf(u) + "\x00")
	path := u.EscapedPath()
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			b.WriteByte(path[i])
			continue
		}
		plain, err := url.PathUnescape(path[i : i+3])
		if err != nil {
			panic(err)
		}
		if !unreserved(plain[0]) {
			b.WriteString("\x01")
		}
		b.WriteString(plain)
		i += 2
	}
	if u.RawQuery != "" || u.ForceQuery {
		b.WriteString("\x02" + u.RawQuery)
	}
	return b.String()
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// Every name is safe everywhere, depends on the URL alone, and is one that no
// other URL has.
func FuzzName(f *testing.F) {
	for _, seed := range [][2]string{
		{"https://h/a", "https://h/a/"}, {"https://h", "https://h/index"}, {"https://h/a:b", "https://h/a%3ab"},
		{"https://h/a@0123456789abcdef", "https://h/a@%30123456789abcdef"}, {"http://a_80/", "http://a:80/"},
		{"http://a_81/", "http://a:81/"}, {"https://h/%", "https://h//"}, {"https://h/CON", "https://h/%2543ON"},
		{"https://h/..", "https://h/%252e%252e"}, {"https://h/a?b", "https://h/a%3fb"}, {"http://[::1]/", "http://[::1]:1/"},
		{"https://h/" + strings.Repeat("x/", 600), "https://h/" + strings.Repeat("x/", 601)},
		{"https://h/" + strings.Repeat("%FF", 100), "https://h/" + strings.Repeat("%FF", 101)},
		{"http://h/a", "https://h/a"}, {"https://h:080/", "https://h:80/"}, {"https://h/x.part", "https://h/.specify-x.part"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		var names, sames [2]string
		for i, raw := range []string{one, two} {
			u, err := url.Parse(raw)
			if err != nil {
				return
			}
			if names[i], err = Name(u); err != nil {
				return
			}
			sames[i] = same(u)
			if why := unsafe(names[i]); why != "" {
				t.Errorf("%q: %q %s", raw, names[i], why)
			}
		}
		if (names[0] == names[1]) != (sames[0] == sames[1]) {
			t.Errorf("%q and %q are %q and %q", one, two, names[0], names[1])
		}
	})
}

// unsafe says why a name of ours could not stand on some file system, or "".
func unsafe(name string) string {
	if why := objection(name, true); why != "" {
		return why
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || len(part) > 217 {
			return "has a bad part"
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "is not printable ASCII"
	}
	return ""
}

// A list of one page's queries is the case that a short hash would break.
func TestNameManyQueries(t *testing.T) {
	seen := map[string]bool{}
	u := parse(t, "https://h/api")
	for i := range 200_000 {
		u.RawQuery = "id=" + strings.Repeat("x", i%3) + itoa(i)
		name, err := Name(u)
		if err != nil || seen[name] {
			t.Fatalf("%s: %q, %v", u, name, err)
		}
		seen[name] = true
	}
}

func TestClean(t *testing.T) {
	bad := []string{
		"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a/../b", ".", "./", "a/", "a/.", "a\x00b", "a\nb", "\x1b[2J", "a\u0085b",
		"a\xffb", strings.Repeat("a", 256), strings.Repeat("a/", 512) + "a", ".specify-x.part", "a/.SPECIFY-x.PART/b", "x.specify.part",
	}
	badOnWindows := []string{
		`..\x`, `a\b`, `C:x`, `C:/x`, "a:stream", "con", "a/NUL.txt", "COM¹", "conin$", "lpt9.x.y", "aux .c", "a.", "a ", "a./b", "a<b", "a>b", `a"b`, "a|b", "a?", "a*",
	}
	good := []string{"a", "a/b.tgz", "./a", "a//b", "a/./b", ".a", "..a", "a..", "...", "x.part", "-rf", "é", "日本/語", "a b", "~", "com10", "nulx"}
	for _, name := range bad {
		for _, windows := range []bool{false, true} {
			if objection(name, windows) == "" {
				t.Errorf("%q is taken (Windows: %t)", name, windows)
			}
		}
		if _, err := clean(name); errorType(err) != "input" {
			t.Errorf("clean(%q): %v", name, err)
		}
	}
	for _, name := range badOnWindows {
		if objection(name, true) == "" {
			t.Errorf("%q is taken on Windows", name)
		}
		if why := objection(name, false); why != "" {
			t.Errorf("%q %s elsewhere", name, why)
		}
	}
	for _, name := range good {
		if why := objection(name, false); why != "" {
			t.Errorf("%q %s", name, why)
		}
	}
}
