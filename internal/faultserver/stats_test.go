package faultserver

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestBusiest(t *testing.T) {
	at := func(ms ...int) []arrival {
		var all []arrival
		for i, m := range ms {
			all = append(all, arrival{at: time.UnixMilli(int64(m)), listener: []string{"a", "b"}[i%2]})
		}
		return all
	}
	for _, tt := range []struct {
		name     string
		arrivals []arrival
		listener string
		want     int
	}{
		{"none", nil, "", 0},
		{"one", at(5), "", 1},
		{"the window is half-open", at(0, 100), "", 1},
		{"just within", at(0, 99), "", 2},
		{"slides", at(0, 60, 120, 150, 159, 300), "", 4},
		{"of one listener", at(0, 1, 2, 3, 4), "a", 3},
		{"of a listener without any", at(0), "b", 0},
	} {
		if got := busiest(tt.arrivals, tt.listener, 100*time.Millisecond); got != tt.want {
			t.Errorf("%s: %d; want %d", tt.name, got, tt.want)
		}
	}
}

func TestLogAndCounts(t *testing.T) {
	s := start(t, Config{Origins: 1, LogLimit: 3})
	c := client(t, s)
	before := time.Now()
	ask(t, c, http.MethodGet, s.URL(Plain, "/ok"), "", "X-Mine", "1")
	ask(t, c, http.MethodPost, s.URL(Plain, "/status/404?q=1"), "body")
	ask(t, c, http.MethodGet, s.URL(H2, "/ok"), "")
	ask(t, c, http.MethodGet, s.URL("origin1", "/ok"), "")
	ask(t, c, http.MethodGet, s.URL(Plain, "/_stats"), "") // is not counted

	log := s.Log()
	type line struct {
		Listener, Proto, Method, Path, Query, Mine string
		Conn, Status                               int
	}
	var got []line
	for _, r := range log {
		got = append(got, line{r.Listener, r.Proto, r.Method, r.Path, r.Query, r.Header.Get("X-Mine"), r.Conn, r.Status})
	}
	want := []line{
		{Plain, "HTTP/1.1", "GET", "/ok", "", "1", 1, 200},
		{Plain, "HTTP/1.1", "POST", "/status/404", "q=1", "", 1, 404},
		{H2, "HTTP/2.0", "GET", "/ok", "", "", 2, 200},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSortedFunc(log, func(a, b Request) int { return a.Time.Compare(b.Time) }) || log[0].Time.Before(before) {
		t.Errorf("times: %v", log)
	}
	st := s.Stats()
	if st.Requests != 4 || st.Connections != 3 || st.InFlight != 0 || st.InFlightMax != 1 || st.ConnectionsMax != 3 {
		t.Errorf("totals: %+v", st.Counts)
	}
	if p := st.Listeners[Plain]; p.Requests != 2 || p.Connections != 1 {
		t.Errorf("plain: %+v", p)
	}
	if s.Count("/ok") != 3 || s.CountOn("origin1", "/ok") != 1 || s.Count("/none") != 0 {
		t.Errorf("counts: %v", st.Paths)
	}
	s.Reset()
	if st := s.Stats(); st.Requests != 0 || len(st.Paths) != 0 || len(s.Log()) != 0 || s.MaxPerWindow("", time.Hour) != 0 {
		t.Errorf("after Reset: %+v", st)
	}
	// A connection from before stays usable, and is not counted again.
	ask(t, c, http.MethodGet, s.URL(Plain, "/ok"), "")
	if st := s.Stats(); st.Requests != 1 || st.Connections != 0 || s.Log()[0].Conn != 1 {
		t.Errorf("after Reset and a request: %+v", st.Counts)
	}
}

func TestMalformedRequestsAreCountedApart(t *testing.T) {
	s := start(t, Config{})
	for _, text := range []string{"GET\r\n\r\n", "GET /ok HTTP/1.1\r\nHost: x\r\nA b\r\n\r\n", "GET /ok HTTP/1.1\r\nHost: x\r\nA: b\x00\r\nB c: d\r\n\r\n"} {
		if got, end := talk(t, s, text, 5*time.Second); !strings.HasPrefix(got, "HTTP/1.1 400 ") || end != "eof" {
			t.Errorf("%q: answered %q, %s", text, got, end)
		}
	}
	if _, end := talk(t, s, "", 20*time.Millisecond); end != "open" { // an idle connection is none
		t.Errorf("nothing at all ended as %s", end)
	}
	if c := s.Stats().Listeners[Plain]; c.Malformed != 3 || c.Requests != 0 {
		t.Errorf("%+v", c)
	}
}

func TestHungRequestsStayInFlight(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	for _, path := range []string{"/never", "/body-stall", "/outage"} {
		s.Reset()
		if err := s.SetOutage("stall", 0); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { talk(t, s, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n", 300*time.Millisecond) })
		}
		all.Wait()
		if n := s.Stats().InFlightMax; n != 3 {
			t.Errorf("%s: %d in flight; want 3", path, n)
		}
	}
}

func TestInFlightIsWhatTheClientHasOpen(t *testing.T) {
	s := start(t, Config{Origins: 2})
	c := client(t, s)
	var all sync.WaitGroup
	for _, tt := range []struct {
		listener string
		limit    int
	}{{"origin1", 3}, {"origin2", 5}, {H2, 4}} {
		for range tt.limit {
			all.Go(func() {
				for range 20 {
					if got := ask(t, c, http.MethodGet, s.URL(tt.listener, "/slow/2"), ""); got.err != nil {
						t.Error(got.err)
					}
				}
			})
		}
	}
	all.Wait()
	st := s.Stats()
	for name, limit := range map[string]int{"origin1": 3, "origin2": 5, H2: 4} {
		if got := st.Listeners[name]; got.InFlightMax != limit || got.Requests != 20*limit || got.InFlight != 0 {
			t.Errorf("%s: %+v; want at most %d in flight", name, got, limit)
		}
	}
	if st.InFlightMax > 12 || st.InFlightMax < 5 {
		t.Errorf("%d in flight at all; want 5 to 12", st.InFlightMax)
	}
	if n := s.MaxPerWindow("origin2", time.Hour); n != 100 {
		t.Errorf("%d in an hour; want all 100", n)
	}
}

func TestControlPaths(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	get := func(path string) string {
		t.Helper()
		got := ask(t, c, http.MethodGet, s.URL(Plain, path), "")
		if got.err != nil || got.status != 200 {
			t.Errorf("%s: %+v", path, got)
		}
		return got.body
	}
	get("/ok")
	get("/ok?again")
	ask(t, c, http.MethodPost, s.URL(Plain, "/commit-then-reset/a"), "x")

	var st Stats
	if err := json.Unmarshal([]byte(get("/_stats?log=1")), &st); err != nil {
		t.Fatal(err)
	}
	if st.Requests != 3 || st.Paths["/ok"] != 2 || len(st.Log) != 3 || st.Log[1].Query != "again" || st.Commits["/commit-then-reset/a"] != 1 {
		t.Errorf("%+v", st)
	}
	var urls map[string]string
	if err := json.Unmarshal([]byte(get("/_urls")), &urls); err != nil {
		t.Fatal(err)
	}
	if urls[TLS] != s.URL(TLS, "") || urls[Refused] != s.URL(Refused, "") {
		t.Errorf("%v", urls)
	}
	for path, want := range map[string]string{
		"/_count?path=/ok":                    "2\n",
		"/_count?path=/ok&listener=h2":        "0\n",
		"/_commits?path=/commit-then-reset/a": "1\n",
		"/_ca.pem":                            string(s.CAPEM()),
		"/_outage?mode=503&for=1h":            "ok\n",
	} {
		if got := get(path); got != want {
			t.Errorf("%s: %q; want %q", path, got, want)
		}
	}
	if got := ask(t, c, http.MethodGet, s.URL(Plain, "/outage"), ""); got.status != 503 {
		t.Errorf("outage: %+v", got)
	}
	for _, path := range []string{"/_outage?mode=x", "/_outage?mode=503&for=x"} {
		if got := ask(t, c, http.MethodGet, s.URL(Plain, path), ""); got.status != 400 {
			t.Errorf("%s: %+v", path, got)
		}
	}
	get("/_reset")
	if got := get("/_count?path=/ok"); got != "0\n" {
		t.Errorf("after /_reset: %q", got)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s, err := Start(Config{Origins: 1})
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: s.ClientTLS(), ForceAttemptHTTP2: true}
	c := &http.Client{Transport: tr}
	urls := []string{
		s.URL(Plain, "/slow/3600000"), s.URL(Plain, "/never"), s.URL(Plain, "/body-stall"), s.URL(Silent, "/"),
		s.URL(TLS, "/head-stall"), s.URL(TLSStall, "/"), s.URL(H2, "/slow/3600000"), s.URL(H2, "/outage"),
		s.URL(H2Raw, "/h2-never"), s.URL(H2Raw, "/h2-body-stall"), s.URL("origin1", "/no-length-stall"),
	}
	if err := s.SetOutage("stall", 0); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, url := range urls {
		all.Go(func() {
			if got := ask(t, c, http.MethodGet, url, ""); got.err == nil {
				t.Errorf("%s: answered %d", url, got.status)
			}
		})
	}
	for deadline := time.Now().Add(5 * time.Second); s.Stats().Requests < len(urls)-2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) { // all but those of Silent and TLSStall become requests
			t.Fatalf("%d requests arrived", s.Stats().Requests)
		}
	}
	s.Close()
	s.Close() // may be called twice
	all.Wait()
	tr.CloseIdleConnections()
	goleak.VerifyNone(t, before)
	if st := s.Stats(); st.InFlight != 0 || st.open != 0 {
		t.Errorf("after Close: %+v", st.Counts)
	}
}

func TestRefusedPortStaysRefused(t *testing.T) {
	s := start(t, Config{})
	for range 100 {
		if conn, err := net.Dial("tcp", s.Addr(Refused)); err == nil {
			conn.Close()
			t.Fatal("connected")
		}
	}
}

func TestUnknownNamesAreMistakes(t *testing.T) {
	s := start(t, Config{})
	if got := ask(t, client(t, s), http.MethodGet, s.URL(Plain, "/nothing/here"), ""); got.status != 404 {
		t.Errorf("%+v", got)
	}
	if got := ask(t, client(t, s), http.MethodGet, s.URL(Plain, "/redirect/302?to=@nowhere/x"), ""); got.status != 400 {
		t.Errorf("%+v", got)
	}
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "nowhere") {
			t.Errorf("URL of no listener: %v", p)
		}
	}()
	s.URL("nowhere", "/")
}
