package faultserver

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestRetryAfterForms(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	for _, b := range Behaviours() {
		if firstSegment(b.Path) != "retry-after" {
			continue
		}
		got := ask(t, c, http.MethodGet, b.URL(s), "")
		if code := strconv.Itoa(got.status); code != b.Want[0] || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", b.Name, got.status, got.header.Get("Retry-After"))
		}
	}
	const in = 5
	for form, layout := range map[string]string{
		"imf": http.TimeFormat, "rfc850": "Monday, 02-Jan-06 15:04:05 GMT", "asctime": time.ANSIC,
	} {
		before := time.Now()
		got := ask(t, c, http.MethodGet, s.URL(Plain, "/retry-after/503?in=5&skew=3600&form="+form), "")
		at, err := time.Parse(layout, got.header.Get("Retry-After"))
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		// Whole seconds, rounded up, by a clock that is an hour fast.
		if ahead := at.Sub(before) - time.Hour; ahead < in*time.Second || ahead > (in+2)*time.Second {
			t.Errorf("%s: %v ahead; want 5 to 7 s", form, ahead)
		}
		if date, err := http.ParseTime(got.header.Get("Date")); err != nil || date.Sub(before) < 59*time.Minute {
			t.Errorf("%s: Date %q does not show the skew", form, got.header.Get("Date"))
		}
	}
	if got := ask(t, c, http.MethodGet, s.URL(Plain, "/retry-after/503?form=x"), ""); got.status != 400 {
		t.Errorf("unknown form: %+v", got)
	}
}

func TestRedirectTargets(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	for path, want := range map[string]string{
		"/redirect/302?to=../ok":                            "../ok",
		"/redirect/301?to=@tls/a/b":                         s.URL(TLS, "/a/b"),
		"/redirect/302?to=@refused/x":                       s.URL(Refused, "/x"),
		"/redirect/302?to=file:///etc/hostname":             "file:///etc/hostname",
		"/redirect/307?to=@plain/echo&userinfo=user:secret": "http://user:secret@" + s.Addr(Plain) + "/echo",
		"/redirect-chain/3":                                 "/redirect-chain/2",
		"/redirect-chain/0":                                 "",
		"/redirect-loop":                                    "/redirect-loop",
		"/redirect/302?to=/echo%3Fa=b%23part":               "/echo?a=b#part",
	} {
		got := ask(t, c, http.MethodGet, s.URL(Plain, path), "")
		if got.header.Get("Location") != want || got.err != nil {
			t.Errorf("%s: Location %q, %v; want %q", path, got.header.Get("Location"), got.err, want)
		}
	}
}

func TestStatuses(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	for _, code := range []int{200, 204, 304, 401, 404, 407, 503, 999} {
		for _, listener := range []string{Plain, H2} {
			got := ask(t, c, http.MethodGet, s.URL(listener, "/status/"+strconv.Itoa(code)), "")
			if got.err != nil || got.status != code || (got.body == "") != (code == 204 || code == 304) {
				t.Errorf("%s: %d: %+v", listener, code, got)
			}
		}
	}
	for _, bad := range []string{"100", "1000", "-1"} {
		if got := ask(t, c, http.MethodGet, s.URL(Plain, "/status/"+bad), ""); got.status != 400 {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

func TestSlowTakesItsTime(t *testing.T) {
	s := start(t, Config{})
	begin := time.Now()
	if got := ask(t, client(t, s), http.MethodGet, s.URL(Plain, "/slow/50"), ""); got.status != 200 || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("%+v after %v", got, time.Since(begin))
	}
}
