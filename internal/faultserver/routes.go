package faultserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// routes are the well-formed paths, by their first segment. They work on every
// listener that speaks HTTP in order: plain, TLS and HTTP/2.
//
//	/ok                     200 "ok\n"
//	/status/{code}          that status
//	/bytes/{n}              Content("", n)
//	/hash/{n}[/{id}]        the SHA-256 of Content(id, n), in hex
//	/slow/{ms}              200 after so long
//	/echo                   JSON of what arrived
//	/flaky/{n}/{id}         503 (?code=) to the first n requests, then 200
//	/reset-then-ok/{n}/{id} a reset to the first n requests, then 200
//	/cut-then-ok/{n}/{id}   a cut body (64 KiB, ?size=) to the first n requests, then whole; takes Range
//	/commit-then-reset/{id} reads the request, counts it, resets
//	/range/{size}/{id}      Content(id, size) with ranges: see ranges.go
//	/cond/{id}              a validator, and 304 where it matches: see cond.go
//	/throttle/{id}, /ratelimit, /retry-after/{code}: see throttle.go
//	/redirect/{code}, /redirect-chain/{n}, /redirect-loop: see redirects.go
//	/outage                 what SetOutage says
//
// State is kept for a path on a listener, the query left out.
var routes = sync.OnceValue(func() map[string]func(*request) answer {
	return map[string]func(*request) answer{
		"ok":                func(*request) answer { return text(http.StatusOK, "ok\n") },
		"status":            statusRoute,
		"bytes":             bytesRoute,
		"hash":              hashRoute,
		"slow":              slowRoute,
		"echo":              echoRoute,
		"flaky":             flakyRoute,
		"reset-then-ok":     resetThenOKRoute,
		"cut-then-ok":       cutThenOKRoute,
		"commit-then-reset": commitThenResetRoute,
		"range":             rangeRoute,
		"cond":              condRoute,
		"throttle":          throttleRoute,
		"ratelimit":         rateLimitRoute,
		"retry-after":       retryAfterRoute,
		"redirect":          redirectRoute,
		"redirect-chain":    redirectChainRoute,
		"redirect-loop":     redirectLoopRoute,
		"outage":            outageRoute,
	}
})

func statusRoute(r *request) answer {
	code := r.num(0, http.StatusOK)
	if code < 200 || code > 999 {
		return text(http.StatusBadRequest, "a status is 200 to 999\n")
	}
	a := text(code, fmt.Sprintf("%d %s\n", code, http.StatusText(code)))
	switch code {
	case http.StatusUnauthorized:
		a.header.Set("WWW-Authenticate", `Basic realm="faultserver"`)
	case http.StatusProxyAuthRequired:
		a.header.Set("Proxy-Authenticate", `Basic realm="faultserver"`)
	case http.StatusNoContent, http.StatusNotModified:
		a.body, a.size = nil, 0
		a.header.Del("Content-Type")
	}
	return a
}

func bytesRoute(r *request) answer {
	size := max(0, int64(r.num(0, 0)))
	a := text(http.StatusOK, "")
	a.header["Content-Type"] = []string{"application/octet-stream"}
	a.body, a.size = Content("", size), size
	return a
}

func hashRoute(r *request) answer {
	sum := sha256.New()
	_, _ = io.Copy(sum, Content(r.arg(1), max(0, int64(r.num(0, 0))))) // neither side can fail
	return text(http.StatusOK, hex.EncodeToString(sum.Sum(nil)))
}

func slowRoute(r *request) answer {
	a := text(http.StatusOK, "ok\n")
	a.wait = time.Duration(r.num(0, 0)) * time.Millisecond
	return a
}

// Echo is the JSON that /echo answers with.
type Echo struct {
	Method string      `json:"method"`
	Host   string      `json:"host"`
	Proto  string      `json:"proto"`
	Path   string      `json:"path"`
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

func echoRoute(r *request) answer {
	body, err := json.Marshal(Echo{
		Method: r.Method, Host: r.Host, Proto: r.Proto, Path: r.URL.Path, Query: r.URL.RawQuery,
		Header: r.Header, Body: strings.ToValidUTF8(string(r.body), "\uFFFD"),
	})
	return jsonAnswer(body, err)
}

func jsonAnswer(body []byte, err error) answer {
	if err != nil {
		return text(http.StatusInternalServerError, err.Error())
	}
	a := text(http.StatusOK, string(body)+"\n")
	a.header["Content-Type"] = []string{"application/json"}
	return a
}
