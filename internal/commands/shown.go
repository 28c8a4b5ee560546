package commands

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

const redacted = "REDACTED"

// printSettings prints settings as a configuration file, a line each, with its
// origin behind it and without secrets.
func printSettings(w io.Writer, settings *pflag.FlagSet, hosts *hostsValue, origin func(*pflag.Flag) (string, bool)) error {
	var b strings.Builder
	settings.VisitAll(func(f *pflag.Flag) {
		if isHosts(f) {
			return
		}
		place, _ := origin(f)
		fmt.Fprintf(&b, "%s: %s  # %s\n", f.Name, shownValue(f), report.Visible(place))
	})
	if len(hosts.entries) > 0 {
		b.WriteString("hosts:\n")
	}
	for _, e := range hosts.entries {
		fmt.Fprintf(&b, "  - %s  # %s\n", e.shown(), report.Visible(e.place))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hostsOf returns the list "hosts" among settings.
func hostsOf(settings *pflag.FlagSet) *hostsValue {
	if f := settings.Lookup("hosts"); f != nil && isHosts(f) {
		return f.Value.(*hostsValue)
	}
	return new(hostsValue)
}

func shownValue(f *pflag.Flag) string {
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return scalar(withoutSecret(f.Name, f.Value.String()))
	}
	var items []string
	for _, item := range list.GetSlice() {
		items = append(items, scalar(withoutSecret(f.Name, item)))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// shown is an entry of the list "hosts" on one line.
func (e *hostEntry) shown() string {
	parts := []string{"match: " + scalar(e.match)}
	e.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			parts = append(parts, f.Name+": "+scalar(f.Value.String()))
		}
	})
	var headers []string
	for _, h := range e.headers {
		value := h.written
		if secretHeader(h.name) && !reference().MatchString(value) {
			value = redacted
		}
		headers = append(headers, scalar(h.name)+": "+scalar(value))
	}
	if headers != nil {
		parts = append(parts, "headers: {"+strings.Join(headers, ", ")+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// reference is a header value that names a secret instead of being one. It is
// compiled when it is needed: not at every start.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z]+ )?\$\{\w+\}$`) })

// withoutSecret is the value of a setting without what nobody should read over
// a shoulder or in a build log.
func withoutSecret(flag, value string) string {
	switch flag {
	case "header":
		name, text, ok := strings.Cut(value, ":")
		switch {
		case strings.HasPrefix(value, "@"):
		case !ok:
			return redacted
		case secretHeader(name) && strings.TrimSpace(text) != "":
			return name + ": " + redacted
		}
		return value
	case "data", "json":
		if value == "" || strings.HasPrefix(value, "@") {
			return value
		}
		return redacted
	case "user":
		name, _, secret := strings.Cut(value, ":")
		if !secret {
			return value
		}
		return name + ":" + redacted
	case "proxy", "queue":
		return task.RedactURL(value)
	}
	if strings.Contains(value, "://") {
		return task.RedactURL(value)
	}
	return value
}

// secretHeader reports whether a header by that name is likely to hold a
// secret.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"auth", "cookie", "token", "key", "secret", "password", "credential", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

var plainScalar = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^-{0,2}[A-Za-z0-9/.][A-Za-z0-9_./%|+-]*$`)
})

// scalar is s as YAML reads it back.
func scalar(s string) string {
	if plainScalar().MatchString(s) && !strings.EqualFold(s, "null") {
		return s
	}
	return strconv.Quote(s)
}
