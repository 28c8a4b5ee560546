package asynccore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// FuzzLines compares with bufio.Scanner, which cannot go on behind a line that
// is too long, and so is given room for all.
func FuzzLines(f *testing.F) {
	long := strings.Repeat("x", 5000)
	for _, s := range []string{"", "\n", "a", "a\nb\r\n\r\nc", "a\r", "\r\n", "ab\n\nabc\r\nabcd\r\r\n", long + "\n" + long + "\r\n", long + "\r"} {
		for _, limit := range []int{0, 1, 3, 4095, 4096, 5000, math.MaxInt} {
			f.Add([]byte(s), limit)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit = max(limit, 0)
		var want []seenItem[string]
		sc := bufio.NewScanner(bytes.NewReader(data))
		sc.Buffer(nil, len(data)+2)
		for sc.Scan() {
			line := seenItem[string]{sc.Text(), ""}
			if len(line.Value) > limit {
				line = seenItem[string]{"", fmt.Sprintf("line %d is over %d bytes", len(want)+1, limit)}
			}
			want = append(want, line)
		}
		for name, r := range map[string]io.Reader{
			"whole":      bytes.NewReader(data),
			"one byte":   iotest.OneByteReader(bytes.NewReader(data)),
			"data, EOF":  iotest.DataErrReader(bytes.NewReader(data)),
			"own buffer": bufio.NewReaderSize(bytes.NewReader(data), 16),
		} {
			if diff := cmp.Diff(want, drainStream(Lines(r, limit))); diff != "" {
				t.Fatalf("%s: %q limit %d (-Scanner +Lines):\n%s", name, data, limit, diff)
			}
		}
	})
}

func TestLinesReadError(t *testing.T) {
	broken := errors.New("broken pipe")
	r := io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(broken))
	got, err := Lines(r, 10).Collect()
	if !slices.Equal(got, []string{"one"}) || !errors.Is(err, broken) || err.Error() != "read line 2: broken pipe" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLinesTooLongIsTyped(t *testing.T) {
	_, err := Lines(strings.NewReader("12345\n"), 4).Collect()
	if e, ok := errors.AsType[*TooLongError](err); !ok || *e != (TooLongError{What: "line 1", Max: 4}) {
		t.Errorf("got %v", err)
	}
}

func TestLinesGoesOnInASecondIteration(t *testing.T) {
	s := Lines(strings.NewReader("1\n2\n345\n4\n"), 1)
	var got []seenItem[string]
	for range 5 {
		got = append(got, drainStream(s.Take(1))...)
	}
	want := []seenItem[string]{{"1", ""}, {"2", ""}, {"", "line 3 is over 1 bytes"}, {"4", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// endlessLine is a line of n bytes without an end.
type endlessLine struct{ n int }

func (e *endlessLine) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	k := min(e.n, len(p))
	e.n -= k
	for i := range p[:k] {
		p[i] = 'x'
	}
	return k, nil
}

func TestLinesLongLineTakesConstantMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Lines(&endlessLine{16 << 20}, 1000).Collect()
	runtime.ReadMemStats(&after)
	if _, ok := errors.AsType[*TooLongError](err); !ok {
		t.Errorf("got %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<10 {
		t.Errorf("16 MiB line: %d bytes allocated", used)
	}
}

func TestLinesComeAsSoonAsTheyAreRead(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			for range 3 {
				time.Sleep(time.Second)
				io.WriteString(w, "line\nnext ")
			}
			w.Close()
		}()
		start := time.Now()
		var at []time.Duration
		for _, err := range Lines(r, 100) {
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start))
		}
		if want := []time.Duration{1e9, 2e9, 3e9, 3e9}; !slices.Equal(at, want) {
			t.Errorf("lines at %v, want %v", at, want)
		}
	})
}
