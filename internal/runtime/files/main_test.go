package files

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv makes the test binary play a run that is killed: it opens the Dir
// that its argument names, begins two outputs, says so, and waits.
const helperEnv = "FILES_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		os.Exit(helper(os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

func helper(path string) int {
	d, err := OpenDir(path, Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, name := range []string{"top", "a/b/deep"} {
		out, err := d.Create(name)
		if err == nil {
			_, err = out.Write([]byte("part of it"))
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
	}
	p, err := d.Claim("kept")
	if err != nil {
		return 1
	}
	out, _, err := p.Resume()
	if err != nil {
		return 1
	}
	if _, err := out.Write([]byte("kept part")); err != nil {
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or stdin ends
	return 0
}

// startHelper starts a live run in path. The kill that it returns ends it as
// kill -9 does, and waits.
func startHelper(t *testing.T, path string) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), helperEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	kill = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill()
			_ = in.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	line := make([]byte, 64)
	n, err := out.Read(line)
	if got := string(line[:n]); err != nil || got != "ready\n" {
		t.Fatalf("helper says %q, %v", got, err)
	}
	return kill
}

func openDir(t *testing.T, path string, o Options) *Dir {
	t.Helper()
	d, err := OpenDir(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

func write(t *testing.T, out io.Writer, text string) {
	t.Helper()
	if n, err := io.WriteString(out, text); err != nil || n != len(text) {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

// putFile makes a file, and the folders above it.
func putFile(t *testing.T, text string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func wantFile(t *testing.T, text string, path ...string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Error(err)
	} else if !bytes.Equal(got, []byte(text)) {
		t.Errorf("%s holds %q, want %q", filepath.Join(path...), got, text)
	}
}

// tree returns all files below path, links and folders not followed, by their
// slash-separated names. The run files of open Dirs are left out.
func tree(t *testing.T, path string) []string {
	t.Helper()
	names := []string{}
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || runFile().MatchString(entry.Name()) {
			return err
		}
		rel, err := filepath.Rel(path, name)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func errorType(err error) string {
	if e, ok := err.(interface{ ErrorType() string }); ok {
		return e.ErrorType()
	}
	return fmt.Sprintf("%T", err)
}

func readFile(path string) (string, error) {
	data, err := os.ReadFile(path)
	return string(data), err
}
