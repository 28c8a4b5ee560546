package proc

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var number = regexp.MustCompile(`\d+(\.\d+)+\S*|\b\d{6,}\b`)

// Version returns the version that a program tells of itself, or "" if the
// program is not there.
func Version(program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	flag := "--version"
	switch filepath.Base(program) {
	case "wrk", "nginx":
		flag = "-v"
	}
	// wrk tells its version and ends with status 1.
	out, _ := exec.Command(path, flag).CombinedOutput()
	first, _, _ := strings.Cut(string(out), "\n")
	return versionIn(first)
}

// versionIn returns the version in the first line that a program says of itself,
// or the line.
func versionIn(line string) string {
	if v := number.FindString(line); v != "" {
		return v
	}
	return strings.TrimSpace(line)
}
