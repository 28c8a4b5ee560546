package report

import (
	"cmp"
	"strings"
)

// Origin is the share of a run that went to one scheme://host:port.
type Origin struct {
	Name string // "https://api.example.com"; "commands" for tasks without a URL; "(no origin)" for what is no URL
	Stats
}

const (
	commandsOrigin = "commands"
	noOrigin       = "(no origin)"
)

// real reports whether the origin is one that requests went to.
func (o *Origin) real() bool { return o.Name != commandsOrigin && o.Name != noOrigin }

// bySpent orders origins by the time that the run spent at them, the longest
// first: where the run would have to become faster to end earlier. (By a
// quantile, a single late answer of an origin would come before the hour that
// another took.)
func bySpent(a, b *Origin) int {
	return cmp.Or(cmp.Compare(b.Spent(), a.Spent()), strings.Compare(a.Name, b.Name))
}

// originOf returns the name of the origin that rawURL belongs to: scheme, host
// and port in lower case, without userinfo and without the scheme's own port
// (RFC 6454 §4). It cuts text instead of parsing it, since records hold lines
// that are no URLs at all.
func originOf(rawURL string) string {
	if rawURL == "" {
		return commandsOrigin
	}
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#") {
		return noOrigin
	}
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	scheme, rest = strings.ToLower(scheme), strings.ToLower(rest)
	switch scheme {
	case "http":
		rest = strings.TrimSuffix(rest, ":80")
	case "https":
		rest = strings.TrimSuffix(rest, ":443")
	}
	if rest == "" {
		return noOrigin
	}
	return scheme + "://" + rest
}

// belowOrigin returns the part of rawURL that follows its origin's name, and
// whether rawURL is just that name and this part put together.
func belowOrigin(rawURL, origin string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(rawURL, origin)
	return rest, ok && (rest == "" || strings.IndexByte("/?#", rest[0]) >= 0)
}
