package lists

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// render writes what a sequence yields, a string an item.
func render(seq iter.Seq2[Line, error]) []string {
	var got []string
	for line, err := range seq {
		switch {
		case err != nil:
			got = append(got, "end: "+err.Error())
		case line.Err != nil:
			got = append(got, fmt.Sprintf("%v! %.24q %v", line.Place, line.Text, line.Err))
		default:
			got = append(got, fmt.Sprintf("%v %.24q", line.Place, line.Text))
		}
	}
	return got
}

// encoded is text as UTF-16, with or without the mark.
func encoded(text string, big, marked bool) string {
	if marked {
		text = "\ufeff" + text
	}
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if big {
			b = append(b, byte(unit>>8), byte(unit))
		} else {
			b = append(b, byte(unit), byte(unit>>8))
		}
	}
	return string(b)
}

func TestLines(t *testing.T) {
	const (
		nul   = "line holds a NUL byte; is this a text file?"
		utf8  = "line is not UTF-8"
		utf16 = " line is UTF-16; convert the list to UTF-8 first (iconv -f UTF-16 -t UTF-8)"
	)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"LF", "a\nb\n", []string{`f:1 "a"`, `f:2 "b"`}},
		{"CRLF", "a\r\nb\r\n", []string{`f:1 "a"`, `f:2 "b"`}},
		{"mixed", "a\r\nb\nc", []string{`f:1 "a"`, `f:2 "b"`, `f:3 "c"`}},
		{"no newline at the end", "a\nb", []string{`f:1 "a"`, `f:2 "b"`}},
		{"CR at the end", "a\nb\r", []string{`f:1 "a"`, `f:2 "b"`}},
		{"lone CR", "a\rb\n\rc\n", []string{`f:1 "a\rb"`, `f:2 "\rc"`}},
		{"two CR", "a\r\r\nb", []string{`f:1 "a\r"`, `f:2 "b"`}},
		{"blank lines count", "\n\r\n \na\n\n", []string{`f:1 ""`, `f:2 ""`, `f:3 " "`, `f:4 "a"`, `f:5 ""`}},
		{"mark", "\ufeffa\nb", []string{`f:1 "a"`, `f:2 "b"`}},
		{"mark alone", "\ufeff", []string{`f:1 ""`}},
		{"mark before CRLF", "\ufeff\r\na", []string{`f:1 ""`, `f:2 "a"`}},
		{"two marks", "\ufeff\ufeffa", []string{`f:1 "\ufeffa"`}},
		{"mark later", "a\n\ufeffb\n", []string{`f:1 "a"`, `f:2 "\ufeffb"`}},
		{"half a mark", "\xef\xbb", []string{`f:1! "\xef\xbb" ` + utf8}},
		{"not UTF-8", "a\n\xff\nb\n", []string{`f:1 "a"`, `f:2! "\xff" ` + utf8, `f:3 "b"`}},
		{"Latin-1", "caf\xe9\nb", []string{`f:1! "caf\xe9" ` + utf8, `f:2 "b"`}},
		{"surrogate", "\xed\xa0\x80", []string{`f:1! "\xed\xa0\x80" ` + utf8}},
		{"NUL", "a\nb\x00c\nd\n", []string{`f:1 "a"`, `f:2! "b\x00c" ` + nul, `f:3 "d"`}},
		{"NUL alone", "\x00\na", []string{`f:1! "\x00" ` + nul, `f:2 "a"`}},
		{"separated by NUL", "https://a\x00https://b\x00", []string{`f:1! "https://a\x00https://b\x00" ` + nul}},
		{"only NUL", strings.Repeat("\x00", 8) + "\na", []string{`f:1! "\x00\x00\x00\x00\x00\x00\x00\x00" ` + nul, `f:2 "a"`}},
		{"UTF-16, little end first", encoded("https://a\nhttps://b\n", false, true), []string{`f:1! "\xff\xfeh\x00t\x00t\x00p\x00s\x00:\x00/\x00/\x00a\x00"` + utf16, `f:2! "\x00h\x00t\x00t\x00p\x00s\x00:\x00/\x00/\x00b\x00"` + utf16, `f:3 ""`}},
		{"UTF-16, big end first", encoded("a\nbc\n", true, true), []string{`f:1! "\xfe\xff\x00a\x00"` + utf16, `f:2! "\x00b\x00c\x00"` + utf16}},
		{"UTF-16, little, no mark", encoded("ab\r\ncd\n", false, false), []string{`f:1! "a\x00b\x00\r\x00"` + utf16, `f:2! "\x00c\x00d\x00"` + utf16, `f:3 ""`}},
		{"UTF-16, big, no mark", encoded("ab\r\ncd\n", true, false), []string{`f:1! "\x00a\x00b\x00\r\x00"` + utf16, `f:2! "\x00c\x00d\x00"` + utf16}},
		{"UTF-16, one line", encoded("abc", true, false), []string{`f:1! "\x00a\x00b\x00c"` + utf16}},
		{"UTF-16, some Greek", encoded("# αβγ ab", false, false), []string{`f:1! "#\x00 \x00\xb1\x03\xb2\x03\xb3\x03 \x00a\x00b\x00"` + utf16}},
		{"UTF-16, mark and nothing", "\xff\xfe", []string{`f:1! "\xff\xfe"` + utf16}},
		{"UTF-16, mark and Chinese", encoded("# 中文", true, true), []string{`f:1! "\xfe\xff\x00#\x00 N-e\x87"` + utf16}},
		{"UTF-16, blank first line", encoded("\nab\n", false, false), []string{`f:1 ""`, `f:2! "\x00a\x00b\x00"` + utf16, `f:3 ""`}},
		{"UTF-16, blank between", encoded("ab\r\n\r\ncd\r\n", false, false), []string{`f:1! "a\x00b\x00\r\x00"` + utf16, `f:2 ""`, `f:3! "\x00c\x00d\x00\r\x00"` + utf16, `f:4 ""`}},
		{"UTF-16 appended", "https://a\n" + encoded("ab\r\n", false, false) + "\nhttps://c\n", []string{`f:1 "https://a"`, `f:2! "a\x00b\x00\r\x00"` + utf16, `f:3 ""`, `f:4 "https://c"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				if diff := cmp.Diff(tt.want, render(Lines(r, "f"))); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

// Lines around the size of the buffer and of the limit, with each end, come out
// whole or are refused, and the next has the right number.
func TestLineLengths(t *testing.T) {
	for _, n := range []int{bufferSize - 2, bufferSize - 1, bufferSize, bufferSize + 1, 3 * bufferSize, MaxLine - 1, MaxLine, MaxLine + 1, MaxLine + 2, MaxLine + 6, 2*MaxLine + bufferSize} {
		for _, end := range []string{"\n", "\r\n"} {
			for _, bom := range []string{"", mark} {
				long := strings.Repeat("x", n)
				in := bom + long + end + "b" + end + long + end + "d" + end + long
				var got []int
				for line, err := range Lines(strings.NewReader(in), "f") {
					if err != nil || line.Place.Line != len(got)+1 {
						t.Fatalf("line %v, error %v", line.Place, err)
					}
					if refused := line.Err == errTooLong; refused != (line.Place.Line%2 == 1 && n > MaxLine) {
						t.Errorf("%d bytes: line %d: error %v", n, line.Place.Line, line.Err)
					}
					got = append(got, len(line.Text))
				}
				kept := min(n, MaxLine)
				if diff := cmp.Diff([]int{kept, 1, kept, 1, kept}, got); diff != "" {
					t.Errorf("%d bytes, end %q, mark %q (-want +got):\n%s", n, end, bom, diff)
				}
			}
		}
	}
}

// A failed read ends the list; the part of a line before it is no line.
func TestReadError(t *testing.T) {
	failure := &fs.PathError{Op: "read", Path: "/where/list", Err: syscall.EIO}
	for _, in := range []string{"a\nb", "a\nhttps://example.com/trunc", "a\n", "a\n" + strings.Repeat("x", 3*bufferSize), "a\n" + strings.Repeat("x", 2*MaxLine)} {
		r := io.MultiReader(strings.NewReader(in), iotest.ErrReader(failure))
		var last error
		lines := 0
		for line, err := range Lines(r, "list") {
			if last = err; err == nil {
				lines++
			} else if line.Text != nil {
				t.Errorf("text %q beside the error", line.Text)
			}
		}
		if lines != 1 || !errors.Is(last, syscall.EIO) || last.Error() != "read list at line 2: input/output error" {
			t.Errorf("%.30q: %d lines, then %v", in, lines, last)
		}
	}
}

// A terminal ends when its user says so, once.
func TestEndIsReadOnce(t *testing.T) {
	for _, in := range []string{"", "a", "a\n", "abc\n", "abcde", strings.Repeat("x", MaxLine+10)} {
		for _, read := range []func(io.Reader) iter.Seq2[Line, error]{
			func(r io.Reader) iter.Seq2[Line, error] { return Lines(r, "f") },
			func(r io.Reader) iter.Seq2[Line, error] { return Lists{Stdin: r}.Open("-") },
		} {
			r := &ends{Reader: strings.NewReader(in)}
			for _, err := range read(r) {
				if err != nil {
					t.Error(err)
				}
			}
			if r.seen != 1 {
				t.Errorf("%.10q: the end was read %d times", in, r.seen)
			}
		}
	}
}

// ends counts how often the end of a Reader was seen.
type ends struct {
	io.Reader
	seen int
}

func (e *ends) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err == io.EOF {
		e.seen++
	}
	return n, err
}

// A caller may stop at any line; what it did not ask for is not read.
func TestStopEarly(t *testing.T) {
	r := io.MultiReader(strings.NewReader("a\nb\n"), iotest.ErrReader(errors.New("read on")))
	for line, err := range Lines(r, "f") {
		if err != nil {
			t.Fatal(err)
		}
		if line.Place.Line == 2 {
			break
		}
	}
}

// A line without end costs no more memory than the longest allowed one.
func TestHugeLineMemory(t *testing.T) {
	const size = 32 << 20
	r := io.MultiReader(strings.NewReader("a\n"), io.LimitReader(xs{}, size), strings.NewReader("\nb\n"))
	allocated := allocations(func() {
		want := []string{`f:1 "a"`, `f:2! "` + strings.Repeat("x", 24) + `" line is longer than 1048576 bytes`, `f:3 "b"`}
		if diff := cmp.Diff(want, render(Lines(r, "f"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	if allocated > 8<<20 {
		t.Errorf("%d bytes allocated for a line of %d", allocated, size)
	}
}

// xs reads as x without end.
type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// allocations returns the bytes that fn allocates, kept or not.
func allocations(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLinesAllocateNothing(t *testing.T) {
	list := strings.Repeat("https://example.com/some/where/file.tgz\n", 10_000) + strings.Repeat("\x00\n\xff\n", 1000)
	perRun := testing.AllocsPerRun(5, func() {
		for _, err := range Lines(strings.NewReader(list), "f") {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if perRun > 20 {
		t.Errorf("%v allocations for 12,000 lines, want the few of a start", perRun)
	}
}

// split is what splitter does, said plainly: the lines of data without their
// ends, as much of each as the limit allows.
func split(data []byte, limit int) [][]byte {
	var lines [][]byte
	for i, line := range bytes.SplitAfter(data, []byte("\n")) {
		if len(line) == 0 {
			break // behind the last LF
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if i == 0 {
			line = bytes.TrimPrefix(line, []byte(mark))
		}
		lines = append(lines, append([]byte{}, line[:min(len(line), limit)]...))
	}
	return lines
}

// With small limits everything happens in small inputs.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("a\nb\r\nc"), 3)
	f.Add([]byte(mark+"0123456789012345678901234567890\r\n\r\r\n\r"), 16)
	f.Add([]byte("01234567890123456789\n0123456789012345\r\n"), 16)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit = min(max(limit, 0), 100)
		want := split(data, limit)
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			s := splitter{in: bufio.NewReaderSize(r, 16), max: limit}
			var got [][]byte
			for {
				text, err := s.next()
				if err == io.EOF {
					break
				}
				if err != nil && err != errTooLong || s.number != len(got)+1 {
					t.Fatalf("line %d: %v", s.number, err)
				}
				got = append(got, append([]byte{}, text...))
				if cap(s.long) > 2*(limit+32) {
					t.Errorf("%d bytes kept with a limit of %d", cap(s.long), limit)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", data, diff)
			}
		}
	})
}

// Lines that are joined come out as they were, with their numbers.
func FuzzLines(f *testing.F) {
	f.Add("https://a\nhttps://b  out\n\n# c", true)
	f.Add("\xff\x00a\x00", false)
	f.Add("\ufeffa\r\r\nb\xff\n\x00", true)
	f.Fuzz(func(t *testing.T, text string, crlf bool) {
		end := "\n"
		if crlf {
			end = "\r\n"
		}
		want := strings.Split(text, "\n")
		for i, line := range want {
			want[i] = strings.TrimRight(line, "\r")
		}
		want[0] = strings.TrimPrefix(want[0], mark)
		n := 0
		for line, err := range Lines(strings.NewReader(mark+strings.Join(want, end)+end), "f") {
			n++
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if line.Err == errUTF16 {
				if !strings.Contains(text, "\x00") && !hasUTF16Mark([]byte(want[0])) {
					t.Fatalf("%q is UTF-16", text)
				}
				return
			}
			switch {
			case line.Place != (Place{"f", n}) || string(line.Text) != want[n-1]:
				t.Fatalf("line %v is %q, want %q", line.Place, line.Text, want[n-1])
			case line.Err == nil && strings.ToValidUTF8(want[n-1], "") != want[n-1], line.Err == nil && strings.Contains(want[n-1], "\x00"):
				t.Fatalf("line %v passes: %q", line.Place, line.Text)
			case line.Err == errUTF8 && strings.ToValidUTF8(want[n-1], "") == want[n-1], line.Err == errNUL && !strings.Contains(want[n-1], "\x00"):
				t.Fatalf("line %v is refused: %q, %v", line.Place, line.Text, line.Err)
			}
		}
		if n != len(want) {
			t.Errorf("%d lines, want %d", n, len(want))
		}
	})
}

func BenchmarkLines(b *testing.B) {
	const lines = 10_000
	for name, line := range map[string]string{"short": "https://example.com/file-1.2.3.tgz\n", "long": "https://example.com/" + strings.Repeat("x", 2000) + "\n"} {
		b.Run("line="+name, func(b *testing.B) {
			list := strings.Repeat(line, lines)
			b.ReportAllocs()
			b.SetBytes(int64(len(list)))
			for b.Loop() {
				n := 0
				for line := range Lines(strings.NewReader(list), "f") {
					n += len(line.Text)
				}
				if n == 0 {
					b.Fatal("nothing was read")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
		})
	}
}
