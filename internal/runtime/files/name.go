package files

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// Name returns the name that the body of u has below an output folder: the
// host, "_" and the port if the URL has one that is not the scheme's, the path,
// and "@" with 16 hex digits of the query's SHA-256 if there is a query.
//
//	https://example.com/a/b.tgz      example.com/a/b.tgz
//	http://127.0.0.1:8080/a/         127.0.0.1_8080/a/index
//	https://example.com              example.com/index
//	http://[::1]/%7Ejoe/x*.txt         %3a%3a1/~joe/x%2a.txt
//	https://example.com/s?q=go       example.com/s@61f03144952de83d
//
// It depends on nothing but the URL, and is safe wherever clean's rules
// hold, those of Windows included: ASCII, no part "." or "..", none over 217
// bytes, 1023 bytes in all.
//
// Percent-encoding stays as the URL has it, since a%2Fb and a/b are two URLs;
// only what RFC 3986 §6.2.2 makes the same URL becomes the same name (%7e and ~).
// What a name must not have is percent-encoded on top: ":" and "*" in small
// digits (the URL's own are in capitals), otherwise a letter or dot that needed
// no encoding, which no other URL has then. An empty part is "%", the part after
// a last slash is "index", and what is too long is cut and ends in "%-" and a
// hash. So two URLs have two names, up to hashes. Userinfo (a secret), the
// fragment (never sent) and the scheme do not count: http and https of one host
// and port are one place.
//
// A URL without a host has no name: *NameError.
func Name(u *url.URL) (string, error) {
	host := u.Hostname()
	if host == "" {
		return "", &NameError{u.Redacted(), "the URL has no host"}
	}
	parts := []string{shorten(hostPart(host, portOf(u)))}
	path := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	last := len(path) - 1
	for i, raw := range path {
		parts = append(parts, shorten(pathPart(raw, i == last)))
	}
	name := bounded(parts)
	if u.RawQuery != "" || u.ForceQuery {
		name += "@" + shortHash(u.RawQuery)
	}
	return name, nil
}

// portOf returns the port of u, unless it is the one that the scheme has.
func portOf(u *url.URL) string {
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		return ""
	}
	return port
}

const (
	hashDigits = 16   // 64 bits: among 100,000 queries of one path 32 bits collide as often as not
	longPart   = 200  // bytes; a longer part is cut
	longName   = 1000 // bytes before the query's hash; of a longer name the end is cut
)

// shortHash returns 16 hex digits of the SHA-256 of s.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:hashDigits/2])
}

// shorten cuts a part that is too long.
func shorten(part string) string {
	if len(part) <= longPart {
		return part
	}
	cut := longPart - len("%-") - hashDigits
	if i := strings.LastIndexByte(part[:cut], '%'); i >= cut-2 {
		cut = i // not within %XX
	}
	return part[:cut] + "%-" + shortHash(part)
}

// bounded joins the parts. Of a name that is too long the last parts become
// one, a hash of them all.
func bounded(parts []string) string {
	name := strings.Join(parts, "/")
	if len(name) <= longName {
		return name
	}
	end := strings.LastIndexByte(name[:longName-len("/%-")-hashDigits], '/')
	return name[:end] + "/%-" + shortHash(name)
}
