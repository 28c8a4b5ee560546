package task

import (
	"net/url"
	"slices"
	"strings"
)

const redacted = "REDACTED"

// secretParams are the parameters whose values are signatures or credentials,
// compared without regard to case.
var secretParams = []string{
	// OpenTelemetry's list for url.full (semantic conventions 1.43), the older
	// names that it replaced, and the twins of the first three.
	"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "X-Goog-Credential",
	"sig", "Signature", "AWSAccessKeyId",
	// Bearer tokens and client credentials: RFC 6750 §2.3, RFC 6749 §2.3.1,
	// OpenID Connect Core §3.1.2.
	"access_token", "refresh_token", "id_token", "client_secret",
	// GitHub's redirects to release assets; GitLab's API.
	"jwt", "private_token", "job_token",
}

// RedactURL returns raw without its secrets: userinfo becomes
// REDACTED:REDACTED, values of signature and token parameters (in the query,
// the fragment and behind ";" in the path) become REDACTED, the rest is left as
// it was written. It works on the text, so that a URL that does not parse is
// redacted as well; where parsers disagree on what is userinfo or a value,
// every reading comes out clean. A URL without secrets is returned unchanged.
func RedactURL(raw string) string {
	if strings.IndexByte(raw, '@') >= 0 {
		raw = redactUserinfo(raw)
	}
	if strings.IndexByte(raw, '=') >= 0 {
		raw = redactParams(raw)
	}
	return raw
}

// redactUserinfo replaces what stands before the last "@" of the authority,
// which ends at the first "/", "?" or "#" (RFC 3986 §3.2). A backslash, which
// browsers take for a slash, does not end it: that would leave the userinfo of
// the other reading.
//
// "http://u:p/w@h/" has the host "u" and a bad port: no parser takes it, but
// what was meant is userinfo, and error messages show it. So when the port is
// bad, everything up to the last "@" goes. A "@" in the path of a good URL is
// left alone.
func redactUserinfo(raw string) string {
	start := authorityStart(raw)
	end := len(raw)
	if i := strings.IndexAny(raw[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := start + strings.LastIndexByte(raw[start:end], '@') // start-1 if there is none
	if badPort(raw[at+1 : end]) {
		at = max(at, strings.LastIndexByte(raw, '@'))
	}
	if at <= start {
		return raw
	}
	return raw[:start] + redacted + ":" + redacted + raw[at:]
}

// authorityStart returns where the authority begins: behind a scheme and the
// slashes or backslashes that follow, of which parsers take any number, none
// too for http and https; else behind leading ones.
func authorityStart(raw string) int {
	start := 0
	scheme, rest, ok := strings.Cut(raw, ":")
	if ok && isScheme(scheme) {
		web := strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
		if web || rest != "" && isSlash(rune(rest[0])) {
			start = len(scheme) + 1
		}
	}
	return len(raw) - len(strings.TrimLeftFunc(raw[start:], isSlash))
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// isScheme is RFC 3986 §3.1.
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(c))) {
			return false
		}
	}
	return s != ""
}

// badPort reports whether host has a colon that no port follows. In an IPv6
// address the colons stand before the "]".
func badPort(host string) bool {
	host = host[strings.LastIndexByte(host, ']')+1:]
	_, port, found := strings.Cut(host, ":")
	return found && (port == "" || strings.Trim(port, "0123456789") != "")
}

// redactParams replaces the values of secret parameters. A name may begin
// behind "?", "&", "#" or ";", wherever that stands, since not all parsers take
// ";" for a separator or know where a query within a fragment begins. A value
// ends only where every reading ends it.
func redactParams(raw string) string {
	const inPath, inQuery, inFragment = "/?#", "&#", "&"
	var out strings.Builder
	done := 0 // raw[:done] is in out
	ends := inPath
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '#':
			ends = inFragment
		case c == '?' && ends == inPath:
			ends = inQuery
		case c != '?' && c != '&' && c != ';':
			continue
		}
		length := strings.IndexAny(raw[i+1:], "=?&;#")
		if length < 0 {
			break
		}
		value := i + 1 + length + 1
		if raw[value-1] != '=' || !secretParam(raw[i+1:value-1]) {
			continue
		}
		end := len(raw)
		if n := strings.IndexAny(raw[value:], ends); n >= 0 {
			end = value + n
		}
		if end > value {
			out.WriteString(raw[done:value])
			out.WriteString(redacted)
			done = end
		}
		i = end - 1
	}
	if done == 0 {
		return raw
	}
	out.WriteString(raw[done:])
	return out.String()
}

func secretParam(name string) bool {
	if strings.IndexByte(name, '%') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	return slices.ContainsFunc(secretParams, func(secret string) bool { return strings.EqualFold(secret, name) })
}

// RedactText returns a message without the secrets of the URLs in it: of those
// in double quotes, and of those between spaces. Messages of net/http hold what
// a server sent as the target of a redirect.
func RedactText(text string) string {
	if !strings.ContainsAny(text, "@=") {
		return text
	}
	var out strings.Builder
	for rest := text; rest != ""; {
		end := strings.IndexAny(rest, " \n\"")
		if end == 0 && rest[0] == '"' {
			end = quotedEnd(rest)
			text, closed := strings.CutSuffix(rest[1:end], `"`)
			out.WriteString(`"` + redactWords(redactPiece(text)))
			if closed {
				out.WriteByte('"')
			}
		} else {
			if end < 0 {
				end = len(rest)
			}
			end = max(end, 1) // a space for itself
			out.WriteString(redactPiece(rest[:end]))
		}
		rest = rest[end:]
	}
	return out.String()
}

// quotedEnd returns where the text in quotes that s begins with ends, with its
// second quote if there is one. A quote behind a backslash is part of it.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// redactWords redacts each word, for text in quotes that has a URL in it rather
// than being one.
func redactWords(text string) string {
	if !strings.Contains(text, " ") {
		return text
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		words[i] = redactPiece(word)
	}
	return strings.Join(words, " ")
}

// redactPiece redacts what may be a URL.
func redactPiece(text string) string {
	if strings.Contains(text, "//") || strings.Contains(text, `\\`) {
		return RedactURL(text)
	}
	return redactParams(text)
}
