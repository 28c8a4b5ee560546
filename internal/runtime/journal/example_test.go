package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/specify-cli/specify/internal/runtime/journal"
)

// A run that is resumed skips what an earlier one completed.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "out.ndjson")
	earlier := `{"id":"a","outcome":"ok","output":{"path":"a.txt","bytes":3}}
{"id":"b","outcome":"failed"}
{"id":"c","outc`
	if err := os.WriteFile(path, []byte(earlier), 0o644); err != nil {
		panic(err)
	}

	var earlierRun journal.Index
	results, err := journal.Open(path, journal.Options{
		Resume: true,
		Each:   func(e journal.Entry) error { earlierRun.Add(e); return nil },
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("bytes of a torn line dropped:", results.Dropped())
	for _, id := range []string{"a", "b", "c"} {
		if _, done := earlierRun.Done(id); done {
			continue
		}
		if err := results.Append(fmt.Appendf(nil, `{"id":%q,"outcome":"ok"}`, id)); err != nil {
			break // and stop admitting work; Close says why
		}
	}
	if err := results.Close(); err != nil {
		panic(err)
	}
	content, _ := os.ReadFile(path)
	fmt.Print(string(content))
	// Output:
	// bytes of a torn line dropped: 15
	// {"id":"a","outcome":"ok","output":{"path":"a.txt","bytes":3}}
	// {"id":"b","outcome":"failed"}
	// {"id":"b","outcome":"ok"}
	// {"id":"c","outcome":"ok"}
}

// A reader may follow a file while it is written.
func ExampleRead() {
	f, err := os.CreateTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Fprint(f, "{\"id\":\"a\"}\n{\"id\":")
	if _, err := f.Seek(0, 0); err != nil {
		panic(err)
	}
	for line, err := range journal.Read(f, "out.ndjson") {
		if errors.Is(err, journal.ErrTorn) {
			fmt.Println("to be continued:", err)
			continue
		}
		if err != nil {
			panic(err)
		}
		fmt.Printf("%d: %s\n", line.Number, line.Bytes)
	}
	// Output:
	// 1: {"id":"a"}
	// to be continued: out.ndjson:2: the last line is incomplete
}
