package faultserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// next is a request that is sent right behind another: its answer shows that
// the connection was kept.
const next = "GET /status/299 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// wire says what a raw behaviour puts on the wire: a pattern for all of it, and
// how the connection ends.
type wire struct {
	want string
	end  string // kept, eof, reset or open
}

var wires = map[string]wire{
	"cl-short":              {`Content-Length: 100\r\n\r\n.{50}$`, "eof"},
	"cl-short-head-only":    {`Content-Length: 100\r\n\r\n$`, "eof"},
	"cl-short-by-one":       {`Content-Length: 51\r\n\r\n.{50}$`, "eof"},
	"cl-two":                {`Content-Length: 50\r\nContent-Length: 60\r\n\r\n.{50}$`, "eof"},
	"cl-twice":              {`Content-Length: 50\r\nContent-Length: 50\r\n\r\n.{50}$`, "kept"},
	"cl-letters":            {`Content-Length: ten\r\n`, "eof"},
	"cl-negative":           {`Content-Length: -50\r\n`, "eof"},
	"cl-plus":               {`Content-Length: \+50\r\n`, "eof"},
	"cl-overflow":           {`Content-Length: 9{26}\r\n`, "eof"},
	"cl-huge":               {`Content-Length: 9223372036854775807\r\n\r\n.{50}$`, "eof"},
	"too-large-chunked":     {`\r\n186a0\r\n\x00+\r\n0\r\n\r\n$`, "kept"},
	"te-and-cl":             {`Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n.{50}\r\n0\r\n\r\n$`, "eof"},
	"te-not-chunked":        {`Transfer-Encoding: gzip\r\n\r\n.{50}$`, "eof"},
	"te-chunked-twice":      {`Transfer-Encoding: chunked, chunked\r\n`, "eof"},
	"close-delimited":       {`Connection: close\r\n\r\n.{50}$`, "eof"},
	"close-delimited-reset": {`Connection: close\r\n\r\n.{50}$`, "reset"},
	"http10":                {`^HTTP/1\.0 200 OK\r\n\r\n.{50}$`, "eof"},
	"reset-before-head":     {`^$`, "reset"},
	"reset-in-head":         {`^HTTP/1\.1 200 OK\r\nContent-Type: text/pl$`, "reset"},
	"reset-after-head":      {`Content-Length: 100\r\n\r\n$`, "reset"},
	"reset-in-body":         {`Content-Length: 100\r\n\r\n.{50}$`, "reset"},
	"body-on-204":           {`^HTTP/1\.1 204 .*\r\n\r\n.{50}$`, "kept"},
	"body-on-head":          {`\r\n\r\n.{50}$`, "kept"},
	"extra-bytes":           {`Content-Length: 50\r\n\r\n.{100}$`, "kept"},

	"chunked":                 {`\r\n\r\n(32\r\n.{50}\r\n){2}0\r\n\r\n$`, "kept"},
	"chunk-extension":         {`\r\n\r\n32;name="value";other\r\n.{50}\r\n0;last\r\n\r\n$`, "kept"},
	"chunk-extension-endless": {`\r\n\r\n32;x=1{1000}1*$`, "reset"},
	"chunk-extensions-huge":   {`\r\n\r\n(1;x=1234567\r\nx\r\n){100}.*0\r\n\r\n$`, "eof"},
	"chunk-size-endless":      {`\r\n\r\n1{1000}1*$`, "reset"},
	"trailer-endless":         {`\r\n0\r\nX-Sum: 1{1000}1*$`, "reset"},
	"trailer-many":            {`\r\n0\r\n(X-Sum: \d{40}\r\n){20}.*\r\n\r\n$`, "eof"},
	"status-line-endless":     {`^HTTP/1\.1 200 1{1000}1*$`, "reset"},
	"reason-100k":             {`^HTTP/1\.1 500 x{1000}.*\r\nContent-Length: 50\r\n\r\n.{50}$`, "eof"},
	"gzip-name-endless":       {`\r\n\r\n\x1f\x8b\x08\x08.{6}1{1000}1*$`, "reset"},
	"gzip-members-endless":    {`\r\n\r\n\x1f\x8b\x08.*\x1f\x8b\x08`, "reset"},
	"redirect-long":           {`^HTTP/1\.1 302 .*Location: /ok\?x{1000}.*\r\n\r\n$`, "kept"},
	"redirect-endless":        {`^HTTP/1\.1 302 .*Location: /ok\?1{1000}1*$`, "reset"},
	"redirect-growing":        {`^HTTP/1\.1 302 .*Location: /redirect-growing\?xx\r\n.*\r\n\r\n$`, "kept"},
	"redirect-many-slashes":   {`^HTTP/1\.1 302 .*Location: /a/(\.\./){500}.*ok\r\n.*\r\n\r\n$`, "kept"},
	"chunk-tiny":              {`\r\n\r\n(1\r\nx\r\n){500}0\r\n\r\n$`, "kept"},
	"chunk-missing-last":      {`\r\n\r\n32\r\n.{50}\r\n$`, "eof"},
	"chunk-cut":               {`\r\n\r\n64\r\n.{50}$`, "eof"},
	"chunk-cut-size":          {`.{50}\r\n3$`, "eof"},
	"chunk-cut-crlf":          {`.{50}\r\n0\r\n$`, "eof"},
	"chunk-reset":             {`\r\n\r\n32\r\n.{50}\r\n$`, "reset"},
	"chunk-bad-size":          {`\r\nxyz\r\n`, "eof"},
	"chunk-negative-size":     {`\r\n\r\n-32\r\n`, "eof"},
	"chunk-overflow":          {`\r\n\r\nf{19}1\r\n`, "eof"},
	"chunk-no-crlf":           {`\r\n\r\n31\r\n.{50}\r\n0\r\n\r\n$`, "eof"},
	"chunk-bare-lf":           {`\r\n\r\n32\n.{50}\r\n`, "eof"},
	"trailers":                {`Trailer: X-Sum\r\n\r\n32\r\n.{50}\r\n0\r\nX-Sum: 42\r\n\r\n$`, "kept"},
	"trailer-no-colon":        {`0\r\nX-Sum 42\r\n\r\n$`, "eof"},
	"trailer-cut":             {`0\r\nX-Sum: 4$`, "eof"},

	"http09":             {`^<html>`, "eof"},
	"garbage":            {`^\x00`, "eof"},
	"status-bare":        {`^HTTP/1\.1\r\n`, "eof"},
	"status-no-reason":   {`^HTTP/1\.1 200\r\n`, "kept"},
	"status-letters":     {`^HTTP/1\.1 two OK\r\n`, "eof"},
	"status-four-digits": {`^HTTP/1\.1 2000 OK\r\n`, "eof"},
	"status-negative":    {`^HTTP/1\.1 -20 OK\r\n`, "eof"},
	"version-letters":    {`^HTTP/x\.y 200 OK\r\n`, "eof"},
	"version-other":      {`^ICY 200 OK\r\n`, "eof"},
	"reason-escapes":     {`^HTTP/1\.1 500 \x1b\[2J.*\x1b\[31mred$`, "kept"},
	"empty-reply":        {`^$`, "eof"},
	"cut-status-line":    {`^HTTP/1\.1 20$`, "eof"},

	"header-100k":         {`X-Fill: x{1000}.*\r\n\r\n.{50}$`, "kept"},
	"header-huge":         {`X-Fill: x{1000}.*\r\n\r\n.{50}$`, "eof"},
	"header-many":         {`X-Field-0: .*X-Field-19999: .*\r\n\r\n.{50}$`, "eof"},
	"header-endless":      {`X-Fill: 1{1000}1*$`, "reset"},
	"header-no-colon":     {`\r\nthis line has none\r\n`, "eof"},
	"header-no-name":      {`\r\n: value\r\n`, "eof"},
	"header-fold":         {`X-Folded: one\r\n two\r\n\tthree\r\n`, "kept"},
	"header-first-folded": {`^HTTP/1\.1 200 OK\r\n X-Early: one\r\n`, "eof"},
	"header-nul":          {`X-Nul: a\x00b\r\n`, "kept"},
	"header-bare-cr":      {`X-Cr: a\rb\r\n`, "kept"},
	"header-latin1":       {`X-Latin: caf`, "kept"},
	"header-bare-lf":      {`^HTTP/1\.1 200 OK\nContent-Length: 50\n\n.{50}$`, "kept"},
	"cut-head":            {`^HTTP/1\.1 200 OK\r\nContent-Type: text/pl$`, "eof"},
	"upgrade-unasked":     {`^HTTP/1\.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n`, "kept"},

	"early-hints":       {`^HTTP/1\.1 103 .*\r\n\r\nHTTP/1\.1 200 `, "kept"},
	"continue-unasked":  {`^HTTP/1\.1 100 Continue\r\n\r\nHTTP/1\.1 200 `, "kept"},
	"processing":        {`^(HTTP/1\.1 102 Processing\r\n\r\n){3}HTTP/1\.1 200 `, "kept"},
	"interim-flood":     {`^(HTTP/1\.1 102 Processing\r\n\r\n){100}.*HTTP/1\.1 200 `, "kept"},
	"interim-only":      {`^HTTP/1\.1 100 Continue\r\n\r\n$`, "eof"},
	"switching-unasked": {`^HTTP/1\.1 101 .*Upgrade: websocket\r\n`, "eof"},
	"expect-ignored":    {`^HTTP/1\.1 200 OK\r\n.*\r\n\r\nok\n$`, "kept"},
	"expect-failed":     {`^HTTP/1\.1 417 `, "eof"},

	"gzip":               {`Content-Encoding: gzip\r\nContent-Length: \d+\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-chunked":       {`Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n\x1f\x8b`, "kept"},
	"gzip-members":       {`\r\n\r\n\x1f\x8b.*\x1f\x8b`, "kept"},
	"gzip-cut":           {`\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-cut-trailer":   {`\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-bad-sum":       {`\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-corrupt":       {`\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-not":           {`Content-Encoding: gzip\r\nContent-Length: 50\r\n\r\n0123`, "kept"},
	"gzip-garbage-after": {`\r\n\r\n\x1f\x8b.*garbage$`, "kept"},
	"gzip-empty":         {`Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n$`, "kept"},
	"gzip-cl-short":      {`\r\n\r\n\x1f\x8b`, "eof"},
	"gzip-bomb":          {`\r\n\r\n\x1f\x8b`, "kept"},
	"gzip-twice":         {`Content-Encoding: gzip, gzip\r\n`, "kept"},
	"gzip-bomb-twice":    {`Content-Encoding: gzip, gzip\r\n`, "kept"},
	"gzip-x":             {`Content-Encoding: x-gzip\r\n`, "kept"},
	"gzip-file":          {`octet-stream\r\nContent-Length: \d+\r\n\r\n\x1f\x8b`, "kept"},
	"encoding-identity":  {`Content-Encoding: identity\r\n`, "kept"},
	"deflate-unasked":    {`Content-Encoding: deflate\r\n.*\r\n\r\n\x78`, "kept"},
	"br-unasked":         {`Content-Encoding: br\r\n.*hello`, "kept"},
	"encoding-unknown":   {`Content-Encoding: rot13\r\n`, "kept"},

	"redirect-cut-body":    {`^HTTP/1\.1 302 .*Location: /ok\r\nContent-Length: 100\r\n\r\n.{50}$`, "eof"},
	"partial-unasked":      {`^HTTP/1\.1 206 .*Content-Range: bytes 0-49/100\r\n.*\r\n\r\n.{50}$`, "kept"},
	"partial-bare":         {`^HTTP/1\.1 206 Partial Content\r\nContent-Length: 50\r\n\r\n.{50}$`, "kept"},
	"not-modified-unasked": {`^HTTP/1\.1 304 .*\r\n\r\n$`, "kept"},
	"body-on-304":          {`^HTTP/1\.1 304 .*\r\n\r\n.{50}$`, "kept"},
	"error-cut":            {`^HTTP/1\.1 503 .*Content-Length: 100\r\n\r\n.{50}$`, "eof"},
	"retry-after-two":      {`Retry-After: 1\r\nRetry-After: 2\r\n`, "kept"},

	"never":           {`^$`, "open"},
	"head-stall":      {`^HTTP/1\.1 200 OK\r\nContent-Type: text/pl$`, "open"},
	"body-stall":      {`Content-Length: 100\r\n\r\n.{50}$`, "open"},
	"chunk-stall":     {`\r\n\r\n32\r\n.{50}\r\n$`, "open"},
	"no-length-stall": {`^HTTP/1\.1 200 OK\r\n\r\n.{50}$`, "open"},
	"head-drip":       {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "kept"},
	"body-drip":       {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "kept"},

	"close-after":       {`Connection: close\r\nContent-Length: 50\r\n\r\n.{50}$`, "eof"},
	"close-unannounced": {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "eof"},
	"reset-unannounced": {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "reset"},
	"stale":             {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "eof"},
	"stale-reset":       {`^HTTP/1\.1 200 OK\r\nContent-Length: 50\r\n\r\n.{50}$`, "reset"},
	"extra-response":    {`\r\n\r\n.{50}HTTP/1\.1 200 OK\r\n.*POISONED$`, "kept"},
	"unsolicited":       {`\r\n\r\n.{50}HTTP/1\.1 200 OK\r\n.*POISONED$`, "kept"},
	"idle-408":          {`\r\n\r\n.{50}HTTP/1\.1 408 .*\r\n\r\n$`, "eof"},
	"early-ok":          {`^HTTP/1\.1 200 OK\r\nConnection: close\r\n`, "eof"},
	"early-413":         {`^HTTP/1\.1 413 `, "eof"},
	"early-413-reset":   {`^HTTP/1\.1 413 `, "reset"},
	"tls-truncate":      {`^HTTP/1\.1 200 OK\r\nConnection: close\r\n\r\n.{50}$`, "eof"},
}

// talk sends text to the plain listener and returns all that came back, and
// how it ended.
func talk(t *testing.T, s *Server, text string, patience time.Duration) (string, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr(Plain))
	if err != nil {
		t.Error(err)
		return "", "dial"
	}
	defer conn.Close()
	go func() { // ends with the connection
		_, _ = io.WriteString(conn, text)
	}()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	var got strings.Builder
	_, err = io.Copy(&got, conn)
	switch {
	case err == nil:
		return got.String(), "eof"
	case errors.Is(err, syscall.ECONNRESET):
		return got.String(), "reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return got.String(), "open"
	}
	return got.String(), err.Error()
}

// legible makes a rune of each byte, so that a pattern can name any, and leaves
// out the middle of what is long.
func legible(got string) string {
	const edge = 3000
	if len(got) > 2*edge {
		got = got[:edge] + got[len(got)-edge:]
	}
	runes := make([]rune, len(got))
	for i := range len(got) {
		runes[i] = rune(got[i])
	}
	return string(runes)
}

// plainText writes a behaviour's request as it goes over the wire.
func plainText(b Behaviour) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: x\r\n", b.Method, b.Path)
	_ = b.Header.Write(&text)
	if b.BodySize > 0 {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", b.BodySize)
	}
	return text.String() + "\r\n" + strings.Repeat("b", b.BodySize)
}

func TestRawBehavioursOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	var rows sync.WaitGroup
	slots := make(chan struct{}, 8)
	seen := 0
	for _, b := range Behaviours() {
		if b.raw == nil {
			continue
		}
		seen++
		row, ok := wires[b.Name]
		if !ok {
			t.Errorf("%s: has no row in wires", b.Name)
			continue
		}
		rows.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			patience := 10 * time.Second
			if row.end == "open" {
				patience = 2 * time.Second
			}
			if b.Method == http.MethodPost && b.BodySize > 1000 {
				b.BodySize = 1000 // enough to be there, and to be sent at once
			}
			got, end := talk(t, s, plainText(b)+next, patience)
			if first, _, ok := strings.Cut(got, "HTTP/1.1 299 \r\n"); ok && end == "eof" {
				got, end = first, "kept"
			}
			if end != row.end {
				t.Errorf("%s: the connection ended as %s; want %s", b.Name, end, row.end)
			}
			if !regexp.MustCompile(`(?s)` + row.want).MatchString(legible(got)) {
				t.Errorf("%s: on the wire: %.300q; want %s", b.Name, got, row.want)
			}
		})
	}
	rows.Wait()
	if seen != len(wires) {
		t.Errorf("%d raw behaviours and %d rows in wires", seen, len(wires))
	}
}

func TestTableIsWellFormed(t *testing.T) {
	known := regexp.MustCompile(`^(ok|\d{3}|connect|tls|certificate|timeout_connect|timeout_read|timeout_total|reset|short_body|bad_response|decode|too_large|redirect_limit|redirect_denied)$`)
	table := Behaviours()
	if len(table) < 60 {
		t.Errorf("%d behaviours", len(table))
	}
	for _, b := range table {
		if b.Doc == "" || len(b.Want) == 0 || !strings.HasPrefix(b.Path, "/") {
			t.Errorf("%s: incomplete: %+v", b.Name, b)
		}
		for _, outcome := range b.Want {
			if !known.MatchString(outcome) {
				t.Errorf("%s: no such outcome: %q", b.Name, outcome)
			}
		}
	}
}
