package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/specify-cli/specify/bench/proc"
)

// starter is a program that starts others.
type starter struct {
	name    string
	version string // "" if it is not here
	child   string // the program that it starts
	n       int    // how often
	command proc.Command
	results string // file with a line of each child, or ""
	header  int    // lines above them

	used []proc.Usage // round by round, divided by n but for Peak
}

// prepare builds specify, writes the lists into dir and returns all starters,
// specify first.
func prepare(dir string, n, jobs int) ([]*starter, error) {
	child, err := exec.LookPath("true")
	if err != nil {
		return nil, err
	}
	specify, err := proc.BuildSpecify(dir, "")
	if err != nil {
		return nil, err
	}
	own, err := exec.Command(specify, "version").Output()
	if err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	at1, few := strconv.Itoa(jobs), max(n/10, 1)
	for name, text := range map[string]string{
		"commands": strings.Repeat(fmt.Sprintf("{\"exec\":[%q]}\n", child), n),
		"numbers":  numbers(n),
		"few":      numbers(few),
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	// Nothing of the user's: a configuration, or parallel's profile.
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C"}
	all := []*starter{
		{
			name: "specify", version: string(bytes.TrimSpace(own)), n: n, results: at("results.ndjson"),
			command: proc.Command{Args: []string{specify, "batch", "--allow-exec", "-s", "--jobs", at1, "--file", at("commands"), "--results", at("results.ndjson")}},
		},
		{
			name: "GNU parallel", version: proc.Version("parallel"), n: few, results: at("joblog"), header: 1,
			command: proc.Command{Args: []string{"parallel", "--will-cite", "-j", at1, "--joblog", at("joblog"), "-a", at("few"), child}},
		},
		{
			name: "xargs", version: proc.Version("xargs"), n: n,
			command: proc.Command{Args: []string{"xargs", "-P", at1, "-n", "1", child}, Stdin: at("numbers")},
		},
	}
	for _, s := range all {
		s.child, s.command.Dir, s.command.Env, s.command.Core = child, dir, env, proc.Any
	}
	return all, nil
}

// numbers are the arguments that parallel and xargs call the child with.
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}
