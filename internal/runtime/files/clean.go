package files

import (
	"path"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxPart = 255  // bytes of one part of a name, on almost every file system
	maxName = 1023 // bytes of a whole name: PATH_MAX of macOS, less its NUL
)

// clean returns name without "." parts and doubled slashes. It is a *NameError
// unless name can be the name of an output in a Dir: a slash-separated path that
// stays below it. A leading "./" is harmless; ".." never is, since a symbolic
// link may make a/.. anything.
func clean(name string) (string, error) {
	if reason := objection(name, runtime.GOOS == "windows"); reason != "" {
		return "", &NameError{name, reason}
	}
	return path.Clean(name), nil
}

// objection says what is wrong with name, or "".
func objection(name string, windows bool) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxName:
		return "is longer than 1023 bytes"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl): // NUL among them
		return "has a control character"
	case strings.HasPrefix(name, "/"):
		return "is an absolute path; it must lie below the output folder"
	case strings.HasSuffix(name, "/"), strings.HasSuffix(name, "/."), path.Clean(name) == ".":
		return "names a folder"
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return `has a ".." part; it must lie below the output folder`
		case len(part) > maxPart:
			return "has a part longer than 255 bytes"
		case ours(part):
			return "is a name that temporary files have"
		case windows && part != ".":
			if reason := windowsObjection(part); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// windowsObjection is for one part of a name. See "Naming Files, Paths, and
// Namespaces" in the Win32 documentation.
func windowsObjection(part string) string {
	switch {
	case strings.ContainsAny(part, `<>:"|?*\`):
		return `has one of < > : " | ? * \, which Windows reserves`
	case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
		return "has a part that ends in a dot or a space, which Windows drops"
	case deviceName(part):
		return "has a part that Windows takes for a device"
	}
	return ""
}

// deviceName reports whether Windows takes part for a device: its first
// piece counts, whatever follows the dot.
func deviceName(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, prefix := range []string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(stem, prefix); ok && utf8.RuneCountInString(rest) == 1 {
			return strings.ContainsAny(rest, "0123456789¹²³")
		}
	}
	return false
}

// clip returns the longest prefix of s that has at most n bytes and whole
// characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// keptName is the name of what Resume goes on with, beside the file base. A
// name that would grow too long is cut, and told apart by its hash.
func keptName(base string) string {
	if len(base)+len(keptSuffix) > maxPart {
		base = clip(base, 200) + "-" + shortHash(base)
	}
	return base + keptSuffix
}
