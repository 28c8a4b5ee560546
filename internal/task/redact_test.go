package task

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const clean = "REDACTED:REDACTED@"

func TestRedactURL(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"user and password", "https://u:p@h/x", "https://" + clean + "h/x"},
		{"token as user", "https://token@h/x", "https://" + clean + "h/x"},
		{"empty password", "https://u:@h", "https://" + clean + "h"},
		{"empty user", "https://:p@h:80/", "https://" + clean + "h:80/"},
		{"empty userinfo", "https://@h/", "https://@h/"},
		{"several @", "https://u@example.com:p@w@h/", "https://" + clean + "h/"},
		{"encoded", "https://u%40x:p%2f@h/", "https://" + clean + "h/"},
		{"IPv6", "https://u:p@[::1]:8443/a", "https://" + clean + "[::1]:8443/a"},
		{"upper case", "HTTP://u:p@h/", "HTTP://" + clean + "h/"},
		{"no scheme", "u:p@h/x", clean + "h/x"},
		{"no scheme, slashes later", "u:p@h//x", clean + "h//x"},
		{"scheme-relative", "//u:p@h/x", "//" + clean + "h/x"},
		{"no slashes", "http:u:p@h/x", "http:" + clean + "h/x"},
		{"one slash", "https:/u:p@h/x", "https:/" + clean + "h/x"},
		{"four slashes", "http:////u:p@h/x", "http:////" + clean + "h/x"},
		{"backslashes", `http:\\u:p@h\x`, `http:\\` + clean + `h\x`},
		{"mixed slashes", `http:/\u:p@h\x`, `http:/\` + clean + `h\x`},
		{"backslash in the password", `http://u:p\w@h/x`, "http://" + clean + "h/x"},
		{"backslash before @", `http://h\@u:p@q/`, "http://" + clean + "q/"},
		{"other scheme", "ftp://u:p@h/", "ftp://" + clean + "h/"},
		{"leading space", " http://u:p@h/", clean + "h/"},
		{"bad scheme", "1;x://u:p@h/", clean + "h/"},
		{"no host", "http://u:p@", "http://" + clean},
		{"slash in the password", "http://u:p/w@h/x", "http://" + clean + "h/x"},
		{"question mark in the password", "http://u:p?w@h/x", "http://" + clean + "h/x"},
		{"number sign in the password", "http://u:p#w@h/x", "http://" + clean + "h/x"},
		{"@ and slash in the password", "http://u:p@q:/w@h/x", "http://" + clean + "h/x"},
		{"userinfo before a query", "https://u:p@h?x=1", "https://" + clean + "h?x=1"},

		{"@ in the path", "https://h/@scope/pkg@1.2", "https://h/@scope/pkg@1.2"},
		{"@ in the path behind a port", "https://h:8443/@scope", "https://h:8443/@scope"},
		{"@ in the path behind IPv6", "https://[fe80::1%25eth0]/@scope", "https://[fe80::1%25eth0]/@scope"},
		{"@ in the path, no scheme", "h:80/a@b", "h:80/a@b"},
		{"@ in the query", "https://h/?mail=a@b.example", "https://h/?mail=a@b.example"},
		{"@ in the query, no path", "https://h?mail=a@b", "https://h?mail=a@b"},
		{"@ in the fragment", "https://h#a@b", "https://h#a@b"},
		{"relative", "/a/b@c", "/a/b@c"},
		{"empty", "", ""},

		{"signature", "https://h/x?a=1&sig=abc%2F&b=2", "https://h/x?a=1&sig=REDACTED&b=2"},
		{"case", "https://h/?SIG=a&x-amz-SIGNATURE=b", "https://h/?SIG=REDACTED&x-amz-SIGNATURE=REDACTED"},
		{"encoded name", "https://h/?s%69g=a&%58-Amz-Credential=b", "https://h/?s%69g=REDACTED&%58-Amz-Credential=REDACTED"},
		{"badly encoded name", "https://h/?s%6=a&sig=b", "https://h/?s%6=a&sig=REDACTED"},
		{"twice", "https://h/?sig=a&sig=b", "https://h/?sig=REDACTED&sig=REDACTED"},
		{"= in the value", "https://h/?sig=a==&b=c", "https://h/?sig=REDACTED&b=c"},
		{"? in the value", "https://h/?sig=a?b&c=d", "https://h/?sig=REDACTED&c=d"},
		{"; in the value", "https://h/?sig=a;b&c=d", "https://h/?sig=REDACTED&c=d"},
		{"/ in the value", "https://h/?sig=a/b&c=d", "https://h/?sig=REDACTED&c=d"},
		{"@ in the value", "https://h/?sig=a@b", "https://h/?sig=REDACTED"},
		{"; as separator", "https://h/?a=1;sig=b;c=2", "https://h/?a=1;sig=REDACTED"},
		{"nested question mark", "https://h/?u=/x?sig=b&c=2", "https://h/?u=/x?sig=REDACTED&c=2"},
		{"fragment", "https://h/#access_token=a&state=s", "https://h/#access_token=REDACTED&state=s"},
		{"# in a fragment", "https://h/?q=1#access_token=a#b&state=s", "https://h/?q=1#access_token=REDACTED&state=s"},
		{"route in a fragment", "https://h/#/cb?access_token=a", "https://h/#/cb?access_token=REDACTED"},
		{"query and fragment", "https://h/?sig=a#top", "https://h/?sig=REDACTED#top"},
		{"path parameter", "https://h/a;sig=b/c?d=e", "https://h/a;sig=REDACTED/c?d=e"},
		{"path parameter before a query", "https://h/a;sig=b?sig=c", "https://h/a;sig=REDACTED?sig=REDACTED"},
		{"both", "https://u:p@h/?sig=a", "https://" + clean + "h/?sig=REDACTED"},
		{"empty value", "https://h/?sig=&a=b", "https://h/?sig=&a=b"},
		{"no value", "https://h/?sig&a=b", "https://h/?sig&a=b"},
		{"name within a name", "https://h/?mysig=a&sigs=b&sig-x=c", "https://h/?mysig=a&sigs=b&sig-x=c"},
		{"name as a value", "https://h/?a=sig", "https://h/?a=sig"},
		{"name in the path", "https://h/sig=a", "https://h/sig=a"},
		{"only separators", "https://h/?&&;;##=", "https://h/?&&;;##="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := RedactURL(tt.in)
			if got != tt.want {
				t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
			}
			if again := RedactURL(got); again != got {
				t.Errorf("redacted again: %q", again)
			}
		})
	}
}

func TestRedactEverySecretParameter(t *testing.T) {
	for _, name := range secretParams {
		got := RedactURL("https://h/?a=b&" + strings.ToUpper(name) + "=hidden&c=d")
		if want := "https://h/?a=b&" + strings.ToUpper(name) + "=REDACTED&c=d"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// spellings are the ways around one userinfo; %s is where it stands.
var spellings = []string{
	"http://%s@h/", "HTTPS://%s@h:8443/p@q?r=s@t#u", "//%s@h", "%s@h/x", "http:%s@h", "http:/%s@h/", `http:\\%s@h\x`, "http:///%s@h", "ftp://%s@[::1]:21/x",
	"http://user@x@%s@h/", "%s@h//x@y",
}

// A secret that is planted as userinfo or as a parameter does not come out.
func TestRedactPlantedSecret(t *testing.T) {
	// RFC 3986 unreserved, sub-delims and what else people put in passwords.
	secret := rapid.Map(rapid.StringMatching(`[A-Za-z0-9_.~!$'()*+,=:%@\\|^{}" -]{0,20}`), func(s string) string { return "S3cr3t" + s + "T3rc3S" })
	rapid.Check(t, func(t *rapid.T) {
		hidden := secret.Draw(t, "secret")
		info := rapid.SampledFrom([]string{"", "u", "u:", ":", "u@v:"}).Draw(t, "user") + hidden
		checkHidden(t, fmt.Sprintf(rapid.SampledFrom(spellings).Draw(t, "spelling"), info), hidden)

		name := rapid.SampledFrom(secretParams).Draw(t, "name")
		if rapid.Bool().Draw(t, "encode") {
			i := rapid.IntRange(0, len(name)-1).Draw(t, "at")
			name = name[:i] + fmt.Sprintf("%%%02X", name[i]) + name[i+1:]
		}
		if rapid.Bool().Draw(t, "upper") {
			name = strings.ToUpper(name)
		}
		before := rapid.SampledFrom([]string{"?", "?a=b&", "?a=b;", "#", "?x#a&", "?u=http://x?", ";", "/?sig=;&", "?%&"}).Draw(t, "before")
		// Reserved characters too, but for "&" and "#", which end a value.
		value := "S3cr3t" + rapid.StringMatching(`[A-Za-z0-9_.~!$'()*+,=:%@\\;|^{}" -]{0,20}`).Draw(t, "value") + "T3rc3S"
		after := rapid.SampledFrom([]string{"", "&c=d", "#top"}).Draw(t, "after")
		checkHidden(t, "https://h/p"+before+name+"="+value+after, value)
	})
}

// checkHidden checks that not even the ends of the secret are left.
func checkHidden(t *rapid.T, raw, secret string) {
	got := RedactURL(raw)
	if strings.Contains(got, "S3cr3t") || strings.Contains(got, "T3rc3S") {
		t.Fatalf("%q of %q is in %q", secret, raw, got)
	}
	if again := RedactURL(got); again != got {
		t.Fatalf("redacted again: %q, was %q", again, got)
	}
}

// A URL that hides nothing stays as it was written, whatever it holds elsewhere.
func TestRedactLeavesOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SampledFrom([]string{"http://", "HTTPS://", "//", ""}).Draw(t, "scheme") +
			rapid.SampledFrom([]string{"h", "example.com", "[::1]", "192.0.2.7", "xn--bcher-kva.example"}).Draw(t, "host") +
			rapid.SampledFrom([]string{"", ":80", ":65535"}).Draw(t, "port") +
			rapid.StringMatching(`(/[a-zA-Z0-9@:;,=%+!~é-]{0,9}){0,3}`).Draw(t, "path")
		var params []string
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"q", "sign", "x-sig", "key", "Sig2", "%7Eid", "token"}), 0, 3).Draw(t, "names") {
			params = append(params, name+"="+rapid.StringMatching(`[a-zA-Z0-9@:/?,=%+!-]{0,9}`).Draw(t, "value"))
		}
		raw += "?" + strings.Join(params, rapid.SampledFrom([]string{"&", ";"}).Draw(t, "separator"))
		raw += rapid.StringMatching(`(#[a-zA-Z0-9@:/!.]{0,9})?`).Draw(t, "fragment")
		if got := RedactURL(raw); got != raw {
			t.Fatalf("%q became %q", raw, got)
		}
	})
}

// What net/url takes for userinfo or for a secret parameter is clean after it.
func FuzzRedactURL(f *testing.F) {
	for _, s := range spellings {
		f.Add(fmt.Sprintf(s, "u:p"))
	}
	f.Add("https://h/a;sig=b:1/@c?sig=a;b#access_token=c#d&e")
	f.Add("http://h:x/;sig=a@b?%73ig=c&&=d")
	f.Fuzz(func(t *testing.T, raw string) {
		got := RedactURL(raw)
		if again := RedactURL(got); again != got {
			t.Errorf("%q: %q, redacted again %q", raw, got, again)
		}
		if limit := len(raw) + len(clean) + len(redacted)*(strings.Count(raw, "=")+1); len(got) > limit {
			t.Errorf("%q grew to %q", raw, got)
		}
		if !strings.ContainsAny(raw, "@=") && got != raw {
			t.Errorf("%q: %q, but there is nothing to hide", raw, got)
		}
		u, err := url.Parse(got)
		if err != nil {
			return
		}
		if u.User != nil && u.User.String() != "" && u.User.String()+"@" != clean && u.Host != "" {
			t.Errorf("%q: userinfo %q is left in %q", raw, u.User, got)
		}
		for name, values := range u.Query() {
			for _, value := range values {
				if secretParam(name) && value != "" && value != redacted {
					t.Errorf("%q: %s=%q is left in %q", raw, name, value, got)
				}
			}
		}
	})
}

// A URL without secrets costs no allocation.
func TestRedactUnchangedAllocatesNothing(t *testing.T) {
	for _, raw := range []string{"https://example.com/a/b.tgz", "https://example.com:8443/@scope/x?Page=2&q=a@b#top"} {
		if n := testing.AllocsPerRun(1000, func() {
			if RedactURL(raw) != raw {
				t.Fatal("changed")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", raw, n)
		}
	}
}

// A megabyte of separators, as a line of a hostile list may hold: a search that
// is not linear would hang here.
func TestRedactHugeURL(t *testing.T) {
	for _, part := range []string{"&", ";", "?", "#", "@", "&a=", "&sig=x", ":", "/", "%", "=", "&%73ig=x;"} {
		raw := "http://h/?" + strings.Repeat(part, 1<<20/len(part)) + "="
		if got := RedactURL(raw); len(got) == 0 {
			t.Errorf("%q gave nothing", part)
		}
	}
}

// A URL with secrets comes out clean, whatever stands around it.
func FuzzRedactText(f *testing.F) {
	f.Add("parse \"", "\": bad")
	f.Add(`Location "/x `, `" and "`)
	f.Add("a\\\"", "@b?c=d;")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "5ecr3t") {
			return
		}
		text := before + " http://user:5ecr3t@h/?sig=5ecr3t " + after
		got := RedactText(text)
		if strings.Contains(got, "5ecr3t") {
			t.Errorf("%q: %q", text, got)
		}
		if again := RedactText(got); again != got {
			t.Errorf("%q: %q, redacted again %q", text, got, again)
		}
	})
}

func TestRedactText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", `a "quoted" word`: `a "quoted" word`, "a=b c@d": "a=b c@d",
		`failed to parse Location header "http://u:p w@[::1/x": parse "http://u:p w@[::1/x": bad`: `failed to parse Location header "http://REDACTED:REDACTED@[::1/x": parse "http://REDACTED:REDACTED@[::1/x": bad`,
		`"/x?sig=S\"S&a=b" and http://u:p@h/?sig=S end`:                                           `"/x?sig=REDACTED&a=b" and http://REDACTED:REDACTED@h/?sig=REDACTED end`,
		`open quote "//u:p@h`:                               `open quote "//REDACTED:REDACTED@h`,
		`"see http://u:p@h/?sig=S now" and "# http://u:p@h`: `"REDACTED:REDACTED@h/?sig=REDACTED" and "# http://REDACTED:REDACTED@h`,
	} {
		if got := RedactText(text); got != want {
			t.Errorf("RedactText(%q) = %q, want %q", text, got, want)
		}
	}
}
