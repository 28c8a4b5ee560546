package asynccore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
