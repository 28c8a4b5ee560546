package process

import (
	"runtime"
	"slices"
	"strings"
)

// Env returns a copy of base, entries of the form NAME=value, without what a
// task of a batch must not see: our settings (SPECIFY_*) and the credentials
// of our exporters (OTEL_*_HEADERS).
//
// Of entries with the same name the last one stays, in its place. Entries
// that no program could rely on are dropped: those with a NUL, which execve
// would refuse, and those whose name is missing or holds CR or LF. A value
// with line breaks is kept as it is; it cannot become a second entry.
func Env(base []string) []string {
	env := make([]string, 0, len(base))
	seen := make(map[string]bool, len(base))
	for _, entry := range slices.Backward(base) {
		name, ok := variable(entry)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		if !private(name) {
			env = append(env, entry)
		}
	}
	slices.Reverse(env)
	return env
}

// variable returns the name of an entry as the system compares it.
func variable(entry string) (name string, ok bool) {
	if strings.IndexByte(entry, 0) >= 0 {
		return "", false
	}
	first := 1
	if runtime.GOOS != "windows" {
		first = 0 // "=C:=C:\dir", a drive's directory, is a name on Windows only
	}
	if len(entry) <= first {
		return "", false
	}
	end := strings.IndexByte(entry[first:], '=') + first
	if end < max(first, 1) {
		return "", false
	}
	name = entry[:end]
	if runtime.GOOS == "windows" {
		name = strings.ToUpper(name)
	}
	return name, !strings.ContainsAny(name, "\r\n")
}

func private(name string) bool {
	return strings.HasPrefix(name, "SPECIFY_") ||
		strings.HasPrefix(name, "OTEL_") && strings.HasSuffix(name, "_HEADERS")
}
