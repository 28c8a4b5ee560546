package journal

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// resumed opens a copy of content and returns its entries and what is left.
func resumed(t *testing.T, path string, content []byte) ([]Entry, error) {
	t.Helper()
	write(t, path, content)
	var entries []Entry
	j, err := Open(path, Options{Resume: true, Each: func(e Entry) error {
		entries = append(entries, e)
		return nil
	}})
	if err == nil {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return entries, err
}

func entry(seq, line int) Entry {
	return Entry{
		ID: fmt.Sprintf("task-%d", seq), Outcome: "ok", Seq: int64(seq), Line: line,
		OutputPath: fmt.Sprintf("d/%d", seq), OutputBytes: int64(seq),
	}
}

// However much of the last line has arrived, the records before it count and
// it does not.
func TestTornAtEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	for before := range 3 {
		var whole []byte
		var want []Entry
		for i := range before {
			whole = append(whole, record(i, 5)...)
			want = append(want, entry(i, i+1))
		}
		last := record(before, 5)
		for n := range len(last) {
			got, err := resumed(t, path, append(bytes.Clone(whole), last[:n]...))
			if err != nil {
				t.Fatalf("%d records and %d bytes: %v", before, n, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d records and %d bytes (-want +got):\n%s", before, n, diff)
			}
			checkFile(t, path, whole)
		}
	}
}

// A line that is damaged in the middle of a file is named, or it is still a
// record; it is never dropped, and its neighbours are never touched.
func TestFlippedByteAtEveryPosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	first, middle, last := record(0, 5), record(1, 5), record(2, 5)
	flips := []func(byte) byte{
		func(c byte) byte { return c ^ 1 },
		func(c byte) byte { return c ^ 0x20 },
		func(c byte) byte { return c ^ 0x80 },
		func(byte) byte { return '\n' },
		func(byte) byte { return '"' },
		func(byte) byte { return 0 },
	}
	for i := range middle {
		for _, flip := range flips {
			bad := bytes.Clone(middle)
			if bad[i] = flip(bad[i]); bad[i] == middle[i] {
				continue
			}
			content := bytes.Join([][]byte{first, bad, last}, nil)
			got, err := resumed(t, path, content)
			checkFile(t, path, content)
			if err != nil {
				damaged, ok := errors.AsType[*DamagedError](err)
				if !ok || damaged.Line != 2 || damaged.Path != path {
					t.Errorf("%q: %v, want a *DamagedError for line 2", bad, err)
				}
				continue
			}
			if len(got) != 3 || got[0] != entry(0, 1) || got[1].Line != 2 || got[2] != entry(2, 3) {
				t.Errorf("%q: entries %v", bad, got)
			}
		}
	}
}

func TestResumeTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	good := string(record(0, 0))
	tests := []struct {
		name, content string
		entries       int
		line          int    // of the damage; 0 if there is none
		left          string // the file afterwards
	}{
		{"CRLF", good[:len(good)-1] + "\r\n", 1, 0, good[:len(good)-1] + "\r\n"},
		{"last line is garbage", good + "garbage\n", 1, 0, good},
		{"last line is garbage without newline", good + "garb", 1, 0, good},
		{"last line is zeros", good + "\x00\x00\x00\x00", 1, 0, good},
		{"last line is empty", good + "\n", 1, 0, good},
		{"only zeros", "\x00\x00\x00\x00", 0, 0, ""},
		{"last line is cut in a letter", good + `{"id":"` + "\xc3", 1, 0, good},
		{"empty line in the middle", good + "\n" + good, 1, 2, ""},
		{"last line is JSON but no record", good + "{}\n", 1, 2, ""},
		{"last line is JSON but no object", good + "12", 1, 2, ""},
		{"a list of one URL", "https://h/x", 0, 1, ""},
		{"a list of two URLs", "https://h/x\nhttps://h/y\n", 0, 1, ""},
		{"another JSON file", `{"name":"x"}`, 0, 1, ""},
		{"indented JSON", "{\n \"name\": 1\n}\n", 0, 1, ""},
		{"id is a number", `{"id":1,"outcome":"ok"}` + "\n" + good, 0, 1, ""},
		{"no outcome", `{"id":"a"}` + "\n" + good, 0, 1, ""},
		{"unknown outcome", `{"id":"a","outcome":"fine"}` + "\n" + good, 0, 1, ""},
		{"another version", `{"v":2,"id":"a","outcome":"ok"}` + "\n" + good, 0, 1, ""},
		{"BOM", "\uFEFF" + good + good, 0, 1, ""},
		{"invalid UTF-8", `{"id":"a","outcome":"ok","meta":"` + "\xff\"}\n" + good, 0, 1, ""},
		{"too long", `{"id":"` + string(bytes.Repeat([]byte("x"), DefaultMaxLine)), 0, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := resumed(t, path, []byte(tt.content))
			if len(got) != tt.entries {
				t.Errorf("%d entries, want %d", len(got), tt.entries)
			}
			if tt.line == 0 {
				if err != nil {
					t.Errorf("Open: %v", err)
				}
				checkFile(t, path, []byte(tt.left))
				return
			}
			if damaged, ok := errors.AsType[*DamagedError](err); !ok || damaged.Line != tt.line {
				t.Errorf("Open = %v, want a *DamagedError for line %d", err, tt.line)
			}
			checkFile(t, path, []byte(tt.content))
		})
	}
}

func TestResumeMaxLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	line := record(0, 1000)
	write(t, path, line)
	if _, err := Open(path, Options{Resume: true, MaxLine: len(line) - 2}); !errors.Is(err, ErrTooLong) {
		t.Errorf("Open = %v, want ErrTooLong", err)
	}
	j, err := Open(path, Options{Resume: true, MaxLine: len(line) - 1})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j)
}
