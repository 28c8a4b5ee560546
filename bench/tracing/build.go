package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// spansOf are the places where the program puts spans around tasks and
// attempts; nil stands for none there.
var spansOf = []string{"Span: taskSpan(spans)", "Span: spans.Transport"}

// build builds the program as it is, and once more without those.
func build(dir string) (whole, bare string, err error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return "", "", err
	}
	wire := filepath.Join(root, "cmd", "specify", "wire.go")
	source, err := os.ReadFile(wire)
	if err != nil {
		return "", "", err
	}
	text := string(source)
	for _, span := range spansOf {
		if !strings.Contains(text, span) {
			return "", "", fmt.Errorf("%s no longer has %q: what is to be compared?", wire, span)
		}
		text = strings.ReplaceAll(text, span, "Span: nil")
	}
	without := filepath.Join(dir, "wire.go")
	// What is not called any more must still be used for the compiler.
	if err := os.WriteFile(without, []byte(text+"\nvar _ = taskSpan\n"), 0o600); err != nil {
		return "", "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{wire: without}})
	if err != nil {
		return "", "", err
	}
	replaced := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(replaced, overlay, 0o600); err != nil {
		return "", "", err
	}
	whole, bare = filepath.Join(dir, "whole"), filepath.Join(dir, "bare")
	for _, args := range [][]string{{"-o", whole}, {"-o", bare, "-overlay", replaced}} {
		cmd := exec.Command("go", append(append([]string{"build", "-trimpath", "-ldflags=-s -w"}, args...), "./cmd/specify")...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return whole, bare, nil
}
