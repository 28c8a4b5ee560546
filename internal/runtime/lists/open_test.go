package lists

import (
	"bytes"
	"encoding/base64"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const list = "https://example.com/a\nhttps://example.com/b\n"

// What gzip 1.12 and zstd 1.5 made of list, and of nothing.
var (
	byGzip  = unbase64("H4sIAAAAAAACA8soKSkottLXT61IzC3ISdVLzs/VT+TKwCKaxAUAbI+JXSwAAAA=")
	byZstd  = unbase64("KLUv/SQs9QAAwGh0dHBzOi8vZXhhbXBsZS5jb20vYQpiCgEAkp5N0DlspA==")
	noGzip  = unbase64("H4sIAAAAAAAAAwMAAAAAAAAAAAA=")
	noZstd  = unbase64("KLUv/SQAAQAAmenYUQ==")
	inUTF16 = gzipped(encoded(list, false, true))
)

func unbase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// frame is a zstd frame with the window that descriptor asks for (RFC 8878
// §3.1.1.1.2), and one "x" in an RLE block.
func frame(descriptor byte) string {
	return "\x28\xb5\x2f\xfd\x00" + string([]byte{descriptor}) + "\x0b\x00\x00x"
}

func gzipped(text string) string { return compressed(text, gzip.NewWriter) }

func zstded(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return z
	})
}

func compressed[W io.WriteCloser](text string, writer func(io.Writer) W) string {
	var b bytes.Buffer
	w := writer(&b)
	if _, err := io.WriteString(w, text); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// write makes a file and moves into its folder, so that names stay short.
func write(t *testing.T, name, content string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	both := func(name string) []string {
		return []string{name + `:1 "https://example.com/a"`, name + `:2 "https://example.com/b"`}
	}
	flipped := []byte(byGzip)
	flipped[len(flipped)-5] ^= 1 // of the checksum
	tests := []struct {
		name, content string
		want          []string
	}{
		{"plain.txt", list, both("plain.txt")},
		{"list.gz", byGzip, both("list.gz")},
		{"list.zst", byZstd, both("list.zst")},
		{"list.txt", byGzip, both("list.txt")},
		{"list.txt", byZstd, both("list.txt")},
		{"list.gz", byZstd, both("list.gz")},
		{"list.zst", byGzip, both("list.zst")},
		{"-", byGzip, both("-")},
		{"-", list, both("-")},
		{"members.gz", gzipped(list[:22]) + gzipped(list[22:]), both("members.gz")},
		{"split.gz", gzipped(list[:30]) + gzipped(list[30:]), both("split.gz")},
		{"frames.zst", zstded(list[:22]) + zstded(list[22:]), both("frames.zst")},
		{"skipped.zst", "\x50\x2a\x4d\x18\x02\x00\x00\x00??" + byZstd, both("skipped.zst")},
		{"marked.gz", gzipped(mark + list), both("marked.gz")},
		{"empty.txt", "", nil},
		{"none.gz", noGzip, nil},
		{"none.zst", noZstd, nil},
		{"empty.gz", "", []string{"end: read empty.gz: unexpected EOF"}},
		{"EMPTY.ZST", "", []string{"end: read EMPTY.ZST: unexpected EOF"}},
		{"plain.gz", list, []string{"end: read plain.gz: gzip: invalid header"}},
		{"plain.zst", list, []string{"end: read plain.zst at line 1: invalid input: magic number mismatch"}},
		{"short.gz", byGzip[:5], []string{"end: read short.gz: unexpected EOF"}},
		{"one.gz", byGzip[:1], []string{"end: read one.gz: unexpected EOF"}},
		{"cut.gz", byGzip[:len(byGzip)-12], []string{`cut.gz:1 "https://example.com/a"`, "end: read cut.gz at line 2: unexpected EOF"}},
		{"cut.zst", byZstd[:len(byZstd)-9], []string{"end: read cut.zst at line 1: unexpected EOF"}},
		{"flipped.gz", string(flipped), append(both("flipped.gz"), "end: read flipped.gz at line 3: gzip: invalid checksum")},
		{"utf16.gz", gzipped(encoded("ab", false, true)), []string{`utf16.gz:1! "\xff\xfea\x00b\x00" line is UTF-16; convert the list to UTF-8 first (iconv -f UTF-16 -t UTF-8)`}},
		{"window.zst", frame(0x69), []string{"end: read window.zst at line 1: zstd window over 8 MiB; decompress the list first (zstd -d)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Lists
			if tt.name == "-" {
				l.Stdin = iotest.OneByteReader(strings.NewReader(tt.content))
			} else {
				write(t, tt.name, tt.content)
			}
			if diff := cmp.Diff(tt.want, render(l.Open(tt.name))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestStdinReadError(t *testing.T) {
	for _, before := range []string{"", "ab", "abcdef"} {
		l := Lists{Stdin: io.MultiReader(strings.NewReader(before), iotest.ErrReader(&fs.PathError{Op: "read", Path: "/dev/stdin", Err: syscall.EIO}))}
		got := render(l.Open("-"))
		if len(got) != 1 || !strings.HasPrefix(got[0], "end: read -") || !strings.HasSuffix(got[0], ": input/output error") {
			t.Errorf("after %q: %q", before, got)
		}
	}
}

func TestRegular(t *testing.T) {
	write(t, "file", list)
	if err := os.Symlink("file", "link"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"file": true, "link": true, "-": false, ".": false, "missing": false, os.DevNull: false} {
		if got := (Lists{}).Regular(name); got != want {
			t.Errorf("Regular(%q) = %v", name, got)
		}
	}
}

// A line that decompresses to many megabytes is refused in bounded
// memory; so is a frame that asks for the largest window and needs none of it.
func TestBombMemory(t *testing.T) {
	const size = 32 << 20
	text := "a\n" + strings.Repeat("x", size) + "\nb\n"
	for name, content := range map[string]string{"bomb.gz": gzipped(text), "bomb.zst": zstded(text)} {
		if len(content) > size/100 {
			t.Errorf("%s has %d bytes, which is no bomb", name, len(content))
		}
		write(t, name, content)
		allocated := allocations(func() {
			want := []string{name + `:1 "a"`, name + `:2! "` + strings.Repeat("x", 24) + `" line is longer than 1048576 bytes`, name + `:3 "b"`}
			if diff := cmp.Diff(want, render((Lists{}).Open(name))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
		if allocated > 24<<20 { // zstd: a window of 8 MiB, twice while it moves
			t.Errorf("%s: %d KiB allocated", name, allocated>>10)
		}
	}
	write(t, "window.zst", frame(0x68))
	allocated := allocations(func() {
		if got := render((Lists{}).Open("window.zst")); !cmp.Equal(got, []string{`window.zst:1 "x"`}) {
			t.Errorf("%q", got)
		}
	})
	if allocated > 16<<20 {
		t.Errorf("window: %d KiB allocated", allocated>>10)
	}
}

// Whatever a compressed list holds, reading it ends.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{byGzip, byZstd, inUTF16, list, "\x50\x2a\x4d\x18\x02\x00\x00\x00??" + byZstd} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for line, err := range (Lists{Stdin: bytes.NewReader(data)}).Open("-") {
			n++
			if err == nil && (line.Place != (Place{"-", n}) || len(line.Text) > MaxLine) {
				t.Fatalf("line %v of %d bytes after %d", line.Place, len(line.Text), n-1)
			}
		}
	})
}
