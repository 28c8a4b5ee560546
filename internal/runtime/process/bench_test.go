//go:build unix

package process

import (
	"bytes"
	"os/exec"
	"testing"
)

// What a child costs, beside os/exec with the same outputs.
func BenchmarkRun(b *testing.B) {
	path, err := exec.LookPath("true")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("with=Run", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var stdout bytes.Buffer
			if _, err := Run(b.Context(), Command{Argv: []string{path}, Stdout: &stdout}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with=os,exec", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var stdout, stderr bytes.Buffer
			cmd := exec.CommandContext(b.Context(), path)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A command's output through the pipe.
func BenchmarkOutput(b *testing.B) {
	const size = 256 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		c := script(`head -c 268435456 /dev/zero`)
		c.Stdout = writer(func(p []byte) (int, error) { return len(p), nil })
		if res, err := Run(b.Context(), c); err != nil || res.StdoutBytes != size {
			b.Fatalf("Run = %+v, %v", res, err)
		}
	}
}
