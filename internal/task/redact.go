package task

import (
	"net/url"
	"strings"
)

const redacted = "REDACTED"

// secretParams are the query parameters whose values are signatures or
// credentials: the OpenTelemetry list for url.full (semantic conventions 1.43
// and the older names it replaced), Google's twin of the credential, and the
// bearer token of RFC 6750 §2.3. Compared without regard to case.
var secretParams = map[string]bool{
	"awsaccesskeyid": true, "signature": true, "sig": true,
	"x-amz-credential": true, "x-amz-security-token": true, "x-amz-signature": true,
	"x-goog-credential": true, "x-goog-signature": true, "access_token": true,
}

// RedactURL returns raw without its secrets: userinfo becomes
// REDACTED:REDACTED, values of signature parameters become REDACTED, the rest
// is left as it was written. It works on the text, so that a URL that does not
// parse is redacted as well. A URL without secrets is returned unchanged,
// without an allocation.
func RedactURL(raw string) string {
	if strings.IndexByte(raw, '@') >= 0 {
		raw = redactUserinfo(raw)
	}
	if strings.IndexByte(raw, '=') < 0 {
		return raw
	}
	return redactQuery(raw)
}

// redactUserinfo replaces what stands between "//" and the last "@" of the
// authority. Everything up to the first "/", "?" or "#" is taken for the
// authority, and a backslash too: some parsers end it there, so both readings
// must come out clean.
func redactUserinfo(raw string) string {
	start := strings.Index(raw, "//")
	if start < 0 {
		start = 0
	} else {
		start += 2
	}
	end := len(raw)
	if i := strings.IndexAny(raw[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(raw[start:end], '@')
	if at < 0 {
		return raw
	}
	return raw[:start] + redacted + ":" + redacted + raw[start+at:]
}

func redactQuery(raw string) string {
	var out strings.Builder
	done := 0 // raw[:done] is in out
	for i := 0; i < len(raw); i++ {
		if c := raw[i]; c != '?' && c != '&' && c != ';' && c != '#' {
			continue
		}
		rest := raw[i+1:]
		length := strings.IndexAny(rest, "?&;#")
		if length < 0 {
			length = len(rest)
		}
		name, value, ok := strings.Cut(rest[:length], "=")
		if !ok || value == "" || !secretParam(name) {
			continue
		}
		valueAt := i + 1 + len(name) + 1
		out.WriteString(raw[done:valueAt])
		out.WriteString(redacted)
		done = i + 1 + length
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
	return secretParams[strings.ToLower(name)]
}
