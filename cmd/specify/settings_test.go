package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/runtime/config"
)

// settings are all settings of the program, as its own flags have them.
func settings(t *testing.T) []*pflag.Flag {
	t.Helper()
	var all []*pflag.Flag
	commands.Settings(commands.New(commands.Ops{}, commands.World{})).VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f)
		}
	})
	return all
}

// samples are four values of a flag, none of which is the default: for the
// command line, the environment, the file, and the file below both.
func samples(t *testing.T, f *pflag.Flag) [3]string {
	t.Helper()
	three := func(format string) (s [3]string) {
		for i := range s {
			s[i] = fmt.Sprintf(format, i+2)
		}
		return s
	}
	if s, ok := special[f.Name]; ok {
		return s
	}
	switch kind := f.Value.Type(); kind {
	case "bool":
		return [3]string{"true", "true", "true"}
	case "int", "int64", "uint", "count", "N|N%":
		return three("7%d")
	case "duration":
		return three("%dm11s")
	case "size":
		return three("%d3K")
	case "rate":
		return three("%d/s")
	case "list", "codes":
		return three("20%d,3xx")
	case "I/N":
		return three("%d/9")
	case "KIND=F":
		return [3]string{"html=a", "junit=b", "md=c"}
	case "string", "stringArray", "stringSlice":
		return three("text%d")
	default:
		if words := strings.Split(kind, "|"); len(words) > 1 { // a choice
			var s [3]string
			for i := range s {
				s[i] = words[(i+1)%len(words)]
				if s[i] == f.DefValue {
					s[i] = words[0]
				}
			}
			return s
		}
		t.Fatalf("--%s has values of type %q: say in samples or in special what some are", f.Name, kind)
	}
	return [3]string{}
}

// special are samples of flags whose type does not say what they take.
var special = map[string][3]string{
	"header":  {"X-A: flag", "X-A: env", "X-A: file"},
	"shard":   {"2/7", "3/7", "4/7"},
	"deny":    {"link-local,private", "none,loopback", "link-local,10.0.0.0/8"},
	"resolve": {"a:80:127.0.0.1,127.0.0.2", "b:80:127.0.0.1", "c:80:127.0.0.1"},
}

// shown runs "specify config show" and returns the lines of its output by
// setting: the value and the origin.
func shown(t *testing.T, dir string, env []string, args ...string) map[string][2]string {
	t.Helper()
	out := specifyIn(t, dir, env, append([]string{"config", "show"}, args...)...)
	lines := make(map[string][2]string)
	for line := range strings.Lines(out) {
		m := regexp.MustCompile(`^([a-z0-9.-]+): (.*)  # (.*)\n$`).FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a setting with its origin: %q", line)
		}
		lines[m[1]] = [2]string{m[2], m[3]}
	}
	return lines
}

// specifyIn runs the program in a folder, with variables besides those that it
// finds its way by, and returns its standard output.
func specifyIn(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Args[0] = "specify" // which tells testscript.Main what to be
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}, env...)
	out, err := cmd.Output()
	if failed, ok := err.(*exec.ExitError); ok {
		t.Fatalf("specify %q: %v\n%s", args, err, failed.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestSettings sets every flag that there is in every way that there is, and
// asks the program what it made of that. The table is the flags themselves, so
// that a new one is in it.
func TestSettings(t *testing.T) {
	all := settings(t)
	if len(all) < 40 {
		t.Fatalf("%d settings only", len(all))
	}
	var args, env, file []string
	line := make(map[string]int)
	for _, f := range all {
		s := samples(t, f)
		args = append(args, "--"+f.Name+"="+s[0])
		env = append(env, config.Variable(f.Name)+"="+s[1])
		text := fmt.Sprintf("%q", s[2])
		if _, list := f.Value.(pflag.SliceValue); list {
			text = "[" + text + "]"
		}
		file = append(file, f.Name+": "+text)
		line[f.Name] = len(file)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(strings.Join(file, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	useFile := "SPECIFY_CONFIG=c.yaml"

	defaults := shown(t, dir, nil)
	for _, tt := range []struct {
		name   string
		env    []string
		args   []string
		sample int // of samples; -1 is the default
		origin func(f *pflag.Flag) string
	}{
		{"default", nil, nil, -1, func(*pflag.Flag) string { return "default" }},
		{"file", []string{useFile}, nil, 2, func(f *pflag.Flag) string { return fmt.Sprintf("c.yaml:%d", line[f.Name]) }},
		{"environment", env, nil, 1, func(f *pflag.Flag) string { return config.Variable(f.Name) }},
		{"environment over file", append([]string{useFile}, env...), nil, 1, func(f *pflag.Flag) string { return config.Variable(f.Name) }},
		{"flag", nil, args, 0, func(*pflag.Flag) string { return "flag" }},
		{"flag over all", append([]string{useFile}, env...), args, 0, func(*pflag.Flag) string { return "flag" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := shown(t, dir, tt.env, tt.args...)
			for _, f := range all {
				value, origin := got[f.Name][0], got[f.Name][1]
				if want := tt.origin(f); origin != want {
					t.Errorf("%s is from %q, want %q", f.Name, origin, want)
				}
				switch {
				case tt.sample < 0 && value != defaults[f.Name][0]:
					t.Errorf("%s is %s", f.Name, value)
				case tt.sample < 0 || strings.Contains(value, "REDACTED"):
				case !strings.Contains(value, samples(t, f)[tt.sample]):
					t.Errorf("%s is %s, want %s", f.Name, value, samples(t, f)[tt.sample])
				}
			}
			if len(got) != len(all) {
				t.Errorf("%d settings are shown, of %d", len(got), len(all))
			}
		})
	}

	// What show prints is a configuration file, which says the same.
	t.Run("round trip", func(t *testing.T) {
		out := specifyIn(t, dir, []string{useFile}, "config", "show")
		if err := os.WriteFile(filepath.Join(dir, "again.yaml"), []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		specifyIn(t, dir, nil, "config", "check", "again.yaml")
		first, again := shown(t, dir, []string{useFile}), shown(t, dir, nil, "--config", "again.yaml")
		for _, f := range all {
			if again[f.Name][0] != first[f.Name][0] {
				t.Errorf("%s was %s and is %s", f.Name, first[f.Name][0], again[f.Name][0])
			}
		}
	})
}

// The variables of the system that this program grew out of stand below its
// own.
func TestSeedVariables(t *testing.T) {
	seed := []string{"SPECIFY_ASYNC_WORKERS=71", "SPECIFY_ASYNC_TIMEOUT=72", "SPECIFY_ASYNC_RETRY_MAX=73", "SPECIFY_ASYNC_POOL_SIZE=74"}
	own := []string{"SPECIFY_JOBS=81", "SPECIFY_READ_TIMEOUT=82s", "SPECIFY_RETRY=83", "SPECIFY_PER_HOST=84"}
	want := map[string][2][2]string{
		"jobs":         {{"71", "SPECIFY_ASYNC_WORKERS"}, {"81", "SPECIFY_JOBS"}},
		"read-timeout": {{"1m12s", "SPECIFY_ASYNC_TIMEOUT"}, {"1m22s", "SPECIFY_READ_TIMEOUT"}},
		"retry":        {{"73", "SPECIFY_ASYNC_RETRY_MAX"}, {"83", "SPECIFY_RETRY"}},
		"per-host":     {{"74", "SPECIFY_ASYNC_POOL_SIZE"}, {"84", "SPECIFY_PER_HOST"}},
	}
	first, both := shown(t, t.TempDir(), seed), shown(t, t.TempDir(), append(seed, own...))
	for name, w := range want {
		if first[name] != w[0] {
			t.Errorf("%s: %v, want %v", name, first[name], w[0])
		}
		if both[name] != w[1] {
			t.Errorf("%s with both: %v, want %v", name, both[name], w[1])
		}
	}
}

// The example is a file that the program takes, for all of its commands, and
// names every setting that an entry of hosts may hold.
func TestExampleFile(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("..", "..", "docs", "specify.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"EXAMPLE_TOKEN=t", "SPECIFY_CONFIG=" + path}
	specifyIn(t, t.TempDir(), env, "config", "check")
	out := specifyIn(t, t.TempDir(), env, "config", "show")
	for _, want := range []string{"jobs: 32  # " + path, "retry: 4  # " + path, "hosts:\n  - {match: api.example.com, "} {
		if !strings.Contains(out, want) {
			t.Errorf("config show does not say %q", want)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "config", "check", "/dev/stdin")
	cmd.Args[0], cmd.Stdin = "specify", strings.NewReader("hosts: [{match: h, insecure: true}]")
	told, _ := cmd.CombinedOutput() // which keys there are
	_, list, _ := strings.Cut(string(told), "those are ")
	keys := strings.Split(strings.TrimSpace(list), ", ")
	if len(keys) < 10 {
		t.Errorf("the keys of an entry: %q", told)
	}
	for _, key := range keys {
		if !regexp.MustCompile(`\b` + key + `\b`).Match(text) {
			t.Errorf("the example does not name %q", key)
		}
	}
}
