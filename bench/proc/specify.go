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
	mod, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/specify-cli/specify").Output()
	if err != nil {
		return "", fmt.Errorf("find specify's tree: %w", err)
	}
	program := filepath.Join(dir, "specify")
	build := exec.Command("go", "build", "-C", string(mod[:len(mod)-1]), "-trimpath", "-ldflags=-s -w", "-tags", tags, "-o", program, "./cmd/specify")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build specify: %w\n%s", err, out)
	}
	return program, nil
}
