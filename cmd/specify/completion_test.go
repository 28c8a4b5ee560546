package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completing is what bash does when the TAB key is pressed behind the last of
// its arguments: it fills in the variables that completions go by and calls the
// function that the script has registered. _get_comp_words_by_ref and _filedir
// are bash-completion's, in short: words are not broken at = and : here.
const completing = `
_get_comp_words_by_ref() {
  words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
}
_filedir() { [[ $1 == -d ]] && COMPREPLY=($(compgen -d -- "$cur")); }
compopt() { :; } # bash has it only while it completes
source /dev/stdin <<< "$(specify completion bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9
registered=$(complete -p specify) || exit 3
[[ $registered =~ -F\ ([^\ ]+) ]] || exit 4
"${BASH_REMATCH[1]}" specify "$cur" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
`

// TestBashCompletion loads the script into a real bash and asks it what it
// would put in.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	bin := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "specify")); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"urls.txt", "out.ndjson"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		line string
		want string
	}{
		{"ba", "batch"},
		{"config ", "check path show"},
		{"completion ", "bash fish powershell zsh"},
		{"batch --retry-j", "--retry-jitter"},
		{"batch --for", "--format"},
		{"batch --format ", "auto ndjson none text"},
		{"batch --format=n", "ndjson none"},
		{"batch --retry-jitter ", "full none"},
		{"fetch --request P", "PATCH POST PUT"},
		{"fetch -X D", "DELETE"},
		{"fetch --checksum ", "sha256: sha512:"},
		{"batch --report ", "html= junit= md="},
		{"batch --report h", "html="},
		{"batch --proto-redir ", "http https"},
		{"batch --output-dir ", "folder"},
		{"batch --jobs ", ""},
		{"batch ", ""},
		{"config show --format t", "text"},
		{"batch --no-such ", ""},
	} {
		t.Run(tt.line, func(t *testing.T) {
			words := append([]string{"-c", completing, "bash", "specify"}, strings.Split(tt.line, " ")...)
			cmd := exec.CommandContext(t.Context(), bash, append([]string{"--norc", "--noprofile"}, words...)...)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, hasty}
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(out)) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
				if word != "" {
					got = append(got, strings.TrimPrefix(word, "--format="))
				}
			}
			slices.Sort(got)
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%q, want %q", s, tt.want)
			}
		})
	}
}

// Each shell's script is there, and asks the program.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		out := specifyIn(t, t.TempDir(), nil, "completion", shell)
		if !strings.Contains(out, "__complete") || !strings.Contains(out, "specify") {
			t.Errorf("%s: %.200s", shell, out)
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		return
	}
	check := exec.CommandContext(t.Context(), bash, "-n")
	check.Stdin = strings.NewReader(specifyIn(t, t.TempDir(), nil, "completion", "bash"))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("bash -n: %v\n%s", err, out)
	}
}
