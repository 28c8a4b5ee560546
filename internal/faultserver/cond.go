package faultserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// modified is the Last-Modified of everything here.
var modified = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// condRoute answers /cond/{id} with an ETag and a Last-Modified, and with 304
// when If-None-Match or, without it, If-Modified-Since matches (RFC 9110
// §13.2.2). ?v= (1) is the version of the entity, ?etag=weak makes the ETag a
// weak one, ?etag=none leaves it out, ?max-age= sends a Cache-Control.
func condRoute(r *request) answer {
	version := r.query("v", 1)
	tag := fmt.Sprintf(`"%s-%d"`, r.arg(0), version)
	switch r.URL.Query().Get("etag") {
	case "weak":
		tag = "W/" + tag
	case "none":
		tag = ""
	}
	pairs := []string{"Last-Modified", modified.Format(http.TimeFormat)}
	if tag != "" {
		pairs = append(pairs, "Etag", tag)
	}
	if age := r.URL.Query().Get("max-age"); age != "" {
		pairs = append(pairs, "Cache-Control", "max-age="+age)
	}
	if r.matches(tag) {
		a := text(http.StatusNotModified, "", pairs...)
		a.header.Del("Content-Type")
		return a
	}
	return text(http.StatusOK, fmt.Sprintf("%s version %d\n", r.arg(0), version), pairs...)
}

// matches says whether the client's copy is still good; ETags are compared
// weakly (RFC 9110 §13.1.2).
func (r *request) matches(tag string) bool {
	if given := r.Header.Values("If-None-Match"); len(given) > 0 {
		opaque := strings.TrimPrefix(tag, "W/")
		return slices.ContainsFunc(strings.Split(strings.Join(given, ","), ","), func(one string) bool {
			one = strings.TrimSpace(one)
			return one == "*" || tag != "" && strings.TrimPrefix(one, "W/") == opaque
		})
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !modified.After(since)
}
