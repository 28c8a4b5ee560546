package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// BuildSpecify builds cmd/specify of this tree into dir, as `make build` does, and
// returns the program's path. The working folder is within the bench module.
func BuildSpecify(dir string, tags string) (string, error) {
	return build(filepath.Join(dir, "specify"), tags, "./cmd/specify")
}

// BuildLinked builds linked/main.go into dir, with specify's versions of the
// libraries.
func BuildLinked(dir string) (string, error) {
	return build(filepath.Join(dir, "linked"), "", "./bench/linked/main.go")
}

// build builds what stands in specify's tree under that name.
func build(program, tags, what string) (string, error) {
	mod, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/specify-cli/specify").Output()
	if err != nil {
		return "", fmt.Errorf("find specify's tree: %w", err)
	}
	build := exec.Command("go", "build", "-C", string(mod[:len(mod)-1]), "-trimpath", "-ldflags=-s -w", "-tags", tags, "-o", program, what)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", what, err, out)
	}
	return program, nil
}
