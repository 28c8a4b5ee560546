package asynccore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Files under a context: whoever reads results.txt finds all of it or nothing.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	name := filepath.Join(dir, "results.txt")

	n, err := asynccore.WriteFile(ctx, name, strings.NewReader("one\ntwo\n"), 0o644)
	fmt.Println(n, err)

	content, err := asynccore.ReadFile(ctx, name, 1<<20)
	fmt.Printf("%q %v\n", content, err)
	// Output:
	// 8 <nil>
	// "one\ntwo\n" <nil>
}

// A directory is a stream: filtered, counted, or left early.
func ExampleWalk() {
	hidden := func(e asynccore.WalkEntry) bool { return len(e.Name()) > 1 && e.Name()[0] == '.' }
	walk := asynccore.Walk(context.Background(), ".", hidden)
	for e, err := range walk.Filter(func(e asynccore.WalkEntry) bool { return e.Name() == "doc.go" }) {
		fmt.Println(e.Path, e.Type().IsRegular(), err)
	}
	// Output: doc.go true <nil>
}

// Each path comes once at the start, and then when it has changed: one place
// reads the file, and no change falls in between.
func ExampleWatch() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	name := filepath.Join(dir, "config.yaml")
	write := func(content string) {
		if _, err := asynccore.WriteFile(ctx, name, strings.NewReader(content), 0o600); err != nil {
			panic(err)
		}
	}

	write("jobs: 8")
	for path, err := range asynccore.Watch(ctx, 10*time.Millisecond, name) {
		if err != nil {
			fmt.Println("watch:", err)
			return
		}
		content, err := asynccore.ReadFile(ctx, path, 1<<20)
		fmt.Println(string(content), err)
		if string(content) == "jobs: 16" {
			break
		}
		write("jobs: 16")
	}
	// Output:
	// jobs: 8 <nil>
	// jobs: 16 <nil>
}
