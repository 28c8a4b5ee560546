package route

import (
	"fmt"
	"testing"
)

func TestResolve(t *testing.T) {
	var r Resolve
	if r.Lookup("h:80") != nil {
		t.Error("an address from nowhere")
	}
	for _, entry := range []string{"Host.test:80:127.0.0.1", "+two.test:443:[::1],10.0.0.1", "*:8080:127.0.0.2", "[2001:db8::1]:80:127.0.0.3", "dot.test.:80:::1", "zero.test:0080:127.0.0.4"} {
		if err := r.Add(entry); err != nil {
			t.Error(err)
		}
	}
	for hostport, want := range map[string]string{
		"host.test:80":      "[127.0.0.1]",
		"HOST.test.:80":     "[127.0.0.1]",
		"host.test:81":      "[]",
		"two.test:443":      "[::1 10.0.0.1]",
		"any.test:8080":     "[127.0.0.2]",
		"[2001:db8::1]:80":  "[127.0.0.3]",
		"dot.test:80":       "[::1]",
		"zero.test:80":      "[127.0.0.4]",
		"host.test":         "[]",
		"xhost.test:80":     "[]",
		"host.test.evil:80": "[]",
	} {
		if got := fmt.Sprint(r.Lookup(hostport)); got != want {
			t.Errorf("%s: %s, want %s", hostport, got, want)
		}
	}
	for _, bad := range []string{"", "h", "h:80", "h:80:", "h:80:x", "h:x:127.0.0.1", "h:0:127.0.0.1", "h:65536:127.0.0.1", ":80:127.0.0.1", "-h:80", "-h:80:127.0.0.1", "[::1:80:127.0.0.1", "h:80:127.0.0.1,", "h:80:127.0.0.1 ::1"} {
		if r.Add(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// An entry that is taken gives addresses for its host and port.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"h:80:127.0.0.1", "+h:443:[::1],1.2.3.4", "*:1:::1", "[::1]:80:1.2.3.4", "h:80:fe80::1%25"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r Resolve
		if r.Add(s) != nil {
			return
		}
		for key, list := range r.to {
			if len(list) == 0 {
				t.Errorf("%q: no address for %q", s, key)
			}
			for _, a := range list {
				if !a.IsValid() {
					t.Errorf("%q: %v", s, a)
				}
			}
		}
		if len(r.to) != 1 || len(r.Entries()) != 1 {
			t.Errorf("%q: %d entries", s, len(r.to))
		}
	})
}
