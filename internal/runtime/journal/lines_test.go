package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readAll renders what ReadMax yields, a string an item.
func readAll(r io.Reader, maxLine int) []string {
	var got []string
	for line, err := range ReadMax(r, "f", maxLine) {
		got = append(got, fmt.Sprintf("%d %s %v", line.Number, line.Bytes, err))
	}
	return got
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"lines", "a\n\nb\r\n", []string{"1 a <nil>", "2  <nil>", "3 b\r <nil>"}},
		{"torn", "a\nb", []string{"1 a <nil>", "2 b f:2: the last line is incomplete"}},
		{"longest", "1234567\n1234567\n", []string{"1 1234567 <nil>", "2 1234567 <nil>"}},
		{"too long", "12345678\na\n", []string{"1  f:1: line too long", "2 a <nil>"}},
		{"too long at the end", "a\n12345678", []string{"1 a <nil>", "2  f:2: line too long"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				if diff := cmp.Diff(tt.want, readAll(r, 7)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

// Lines around the size of the read buffer, and far over it, come out whole.
func TestReadLongLines(t *testing.T) {
	const buffer = 256 << 10
	var in bytes.Buffer
	var want []int
	for _, n := range []int{0, buffer - 2, buffer - 1, buffer, buffer + 1, 3, 3*buffer - 1, 3 * buffer, 3*buffer + 1, 1} {
		in.Write(bytes.Repeat([]byte{'a' + byte(len(want))}, n))
		in.WriteByte('\n')
		want = append(want, n)
	}
	var got []int
	for line, err := range Read(&in, "f") {
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(line.Bytes, []byte{'a' + byte(len(got))}); n != len(line.Bytes) {
			t.Errorf("line %d is mixed with another", line.Number)
		}
		got = append(got, len(line.Bytes))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lengths (-want +got):\n%s", diff)
	}
}

func TestReadTypedErrors(t *testing.T) {
	for line, err := range Read(strings.NewReader("torn"), "out.ndjson") {
		damaged, ok := errors.AsType[*DamagedError](err)
		if !ok || damaged.Path != "out.ndjson" || damaged.Line != 1 || !errors.Is(err, ErrTorn) || string(line.Bytes) != "torn" {
			t.Errorf("%+v, %v", line, err)
		}
	}
}

// A failed read comes last, after the lines before it; the half line goes.
func TestReadFails(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader("a\nhalf"), iotest.ErrReader(broken))
	want := []string{"1 a <nil>", "2  broken"}
	if diff := cmp.Diff(want, readAll(in, 100)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	long := io.MultiReader(strings.NewReader("12345678"), iotest.ErrReader(broken))
	want = []string{"1  broken"}
	if diff := cmp.Diff(want, readAll(long, 7)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadStops(t *testing.T) {
	n := 0
	for range Read(strings.NewReader("a\nb\nc"), "f") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

// zeros is an endless line.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A line of 256 MiB is refused, and passed over, without being held.
func TestReadHugeLineInConstantMemory(t *testing.T) {
	in := io.MultiReader(io.LimitReader(zeros{}, 256<<20), strings.NewReader("\na\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := readAll(in, 1<<20)
	runtime.ReadMemStats(&after)
	if diff := cmp.Diff([]string{"1  f:1: line too long", "2 a <nil>"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes allocated for a limit of 1 MiB", n)
	}
}
