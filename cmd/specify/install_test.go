//go:build linux || darwin

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// release serves what a release has for this machine, below /download/v1.2.3
// and as the latest one. The program in it is a script that tells its name.
func release(t *testing.T, sums func(archive string, sum [32]byte) string) string {
	t.Helper()
	program := []byte("#!/bin/sh\necho a release of specify: $1\n")
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	out := tar.NewWriter(zip)
	for _, err := range []error{
		out.WriteHeader(&tar.Header{Name: "specify", Mode: 0o755, Size: int64(len(program))}),
		func() error { _, err := out.Write(program); return err }(),
		out.Close(),
		zip.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	name := fmt.Sprintf("specify_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	list := sums(name, sha256.Sum256(packed.Bytes()))
	files := http.NewServeMux()
	for _, from := range []string{"/download/v1.2.3/", "/latest/download/"} {
		files.HandleFunc(from+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed.Bytes()) })
		files.HandleFunc(from+"SHA256SUMS", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, list) })
	}
	server := httptest.NewServer(files)
	t.Cleanup(server.Close)
	return server.URL
}

func rightSum(archive string, sum [32]byte) string {
	return fmt.Sprintf("%x  other.tar.gz\n%x  %s\n", [32]byte{}, sum, archive)
}

func TestInstall(t *testing.T) {
	wrong := func(archive string, _ [32]byte) string { return fmt.Sprintf("%x  %s\n", [32]byte{}, archive) }
	missing := func(_ string, sum [32]byte) string { return fmt.Sprintf("%x  other.tar.gz\n", sum) }
	for _, tt := range []struct {
		name, version string
		sums          func(string, [32]byte) string
		want          string // of an error; "" is none
	}{
		{"latest", "", rightSum, ""},
		{"a version", "v1.2.3", rightSum, ""},
		{"a version that is not there", "v9.9.9", rightSum, "cannot be fetched"},
		{"no version", "1.2.3/../..", rightSum, "is no release"},
		{"another archive", "", wrong, "is not what SHA256SUMS says"},
		{"an archive without a sum", "", missing, "does not name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "a folder", "bin")
			cmd := exec.Command("sh", filepath.Join("..", "..", "install.sh"), folder)
			cmd.Env = append(os.Environ(), "SPECIFY_DOWNLOAD="+release(t, tt.sums), "SPECIFY_VERSION="+tt.version, "NO_PROXY=127.0.0.1")
			out, err := cmd.CombinedOutput()
			_, there := os.Stat(filepath.Join(folder, "specify"))
			if tt.want != "" {
				if err == nil || there == nil || !strings.Contains(string(out), tt.want) {
					t.Errorf("%v, %v\n%s", err, there, out)
				}
				return
			}
			if err != nil || string(out) != "a release of specify: version\n" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestAction runs the step of action.yml as a runner does, and then what a
// later step would.
func TestAction(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Steps []struct {
				Shell, Run string
				Env        map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	path := filepath.Join(temp, "path")
	env := append(os.Environ(), "SPECIFY_DOWNLOAD="+release(t, rightSum), "NO_PROXY=127.0.0.1",
		"GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+temp, "GITHUB_PATH="+path)
	for _, step := range action.Runs.Steps {
		for name, value := range step.Env {
			input := strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")
			if action.Inputs[input].Default == "" {
				t.Fatalf("%s is %s", name, value)
			}
			env = append(env, name+"="+action.Inputs[input].Default)
		}
		cmd := exec.Command(step.Shell, "-e", "-c", step.Run)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	added, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(strings.TrimSpace(string(added)), "specify"), "batch").CombinedOutput()
	if err != nil || string(out) != "a release of specify: batch\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
