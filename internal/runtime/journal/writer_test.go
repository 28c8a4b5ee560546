package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/flock"
)

// Each record is one call of Write, whatever waits behind it, and keeps its
// place among those of its producer.
func TestOneWriteEach(t *testing.T) {
	const producers, each = 8, 500
	out := &fake{}
	j := start(out, "f", 0)
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			line := make([]byte, 0, 64)
			for i := range each {
				line = fmt.Appendf(line[:0], "%d %d", p, i) // Append must have copied the last one
				if err := j.Append(line); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	next := [producers]int{}
	for _, record := range out.writes {
		var p, i int
		if n, err := fmt.Sscanf(record, "%d %d\n", &p, &i); n != 2 || err != nil {
			t.Fatalf("write of %q: %v", record, err)
		}
		if i != next[p] {
			t.Fatalf("record %d of producer %d, want %d", i, p, next[p])
		}
		next[p]++
	}
	if len(out.writes) != producers*each || out.closed != 1 {
		t.Errorf("%d writes and %d closes, want %d and 1", len(out.writes), out.closed, producers*each)
	}
}

// Every Append that says nil is in the file when Close has returned, also
// when they run at the same time.
func TestCloseWhileAppending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	entries, rounds := 0, 4
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		j, err := Open(path, Options{Resume: true})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex // guards entries
		begun := make(chan struct{}, 8)
		for range cap(begun) {
			wg.Go(func() {
				for i := 0; ; i++ {
					err := j.Append(record(i, 10))
					if errors.Is(err, fs.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					entries++
					mu.Unlock()
					if i == 20 {
						begun <- struct{}{}
					}
				}
			})
		}
		<-begun
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if err := errors.Join(j.Close(), j.Flush(), j.Err()); err != nil {
			t.Errorf("after Close: %v", err)
		}
	}
	lines := 0
	j, err := Open(path, Options{Resume: true, Each: func(Entry) error { lines++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j)
	if lines != entries || j.Dropped() != 0 {
		t.Errorf("%d records and %d torn bytes in the file, want %d and 0", lines, j.Dropped(), entries)
	}
}

// A write that the disk cuts short leaves whole records only; its error stays.
func TestShortWrite(t *testing.T) {
	for short := range 4 {
		writes := 0
		out := &fake{onWrite: func(record []byte) (int, error) {
			if writes++; writes == 3 {
				return short, &fs.PathError{Op: "write", Path: "/somewhere/f", Err: syscall.ENOSPC}
			}
			return len(record), nil
		}}
		j := start(out, "f", 0)
		for _, line := range []string{"one", "two", "three", "four"} {
			if err := j.Append([]byte(line)); err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
		}
		<-j.Failed()
		if got := out.content(); got != "one\ntwo\n" || writes != 3 {
			t.Errorf("%d bytes of the third record: %q after %d writes", short, got, writes)
		}
		flushed := j.Flush()
		for _, err := range []error{j.Append([]byte("five")), j.Err(), flushed, j.Close(), j.Close()} {
			failure, ok := errors.AsType[*WriteError](err)
			if !ok || failure.Op != "write" || failure.Path != "f" || failure.Err != syscall.ENOSPC {
				t.Errorf("error %v, want the *WriteError of the first failure", err)
			}
		}
		if out.closed != 1 || len(out.syncs) != 0 {
			t.Errorf("%d closes and %d syncs, want 1 and 0", out.closed, len(out.syncs))
		}
	}
}

// An io.Writer may break its contract and say nothing of a short write.
func TestSilentShortWrite(t *testing.T) {
	out := &fake{onWrite: func(record []byte) (int, error) { return len(record) - 1, nil }}
	j := start(out, "f", 0)
	if err := j.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); !errors.Is(err, io.ErrShortWrite) || out.content() != "" {
		t.Errorf("Close = %v, content %q", err, out.content())
	}
}

func TestFailedSync(t *testing.T) {
	out := &fake{onSync: func() error { return syscall.EIO }}
	j := start(out, "f", 0)
	if err := j.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	err := j.Flush()
	failure, ok := errors.AsType[*WriteError](err)
	if !ok || failure.Op != "sync" || !errors.Is(err, syscall.EIO) {
		t.Errorf("Flush = %v, want a *WriteError of sync", err)
	}
	<-j.Failed()
	if got := j.Close(); got != err {
		t.Errorf("Close = %v, want what Flush said", got)
	}
}

// A failure of the real file that stops in the middle of a record.
func TestCutRealFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	f, regular, err := openFile(path)
	if err != nil || !regular {
		t.Fatal(regular, err)
	}
	if err := flock.Lock(f); err != nil {
		t.Fatal(err)
	}
	j := start(&shortFile{file: file{f}, left: 10}, path, 0)
	for range 3 {
		if err := j.Append([]byte("1234567")); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close = %v, want ENOSPC", err)
	}
	checkFile(t, path, []byte("1234567\n"))
}

// shortFile is a file on a disk with so many bytes left.
type shortFile struct {
	file
	left int
}

func (f *shortFile) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return f.file.Write(p)
	}
	n, err := f.file.Write(p[:f.left])
	return n, errors.Join(err, syscall.ENOSPC)
}

func TestAppendRefusesWhatIsNoLine(t *testing.T) {
	var out bytes.Buffer
	j := NewStream(&out, "f")
	for _, line := range []string{"", "\n", "\na", "a\nb", "a\nb\n", "a\n\n"} {
		if err := j.Append([]byte(line)); !errors.Is(err, errNoLine) {
			t.Errorf("Append(%q) = %v, want errNoLine", line, err)
		}
	}
	appendAll(t, j, []byte("a"), []byte("b\n"))
	if out.String() != "a\nb\n" {
		t.Errorf("written %q", out.String())
	}
}

func TestHugeRecord(t *testing.T) {
	out := &fake{}
	j := start(out, "f", 0)
	huge := strings.Repeat("x", 3*maxPending)
	want := []string{"a\n", huge + "\n", "b\n", huge + "\n"}
	for _, line := range want {
		if err := j.Append([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.writes, want) {
		t.Errorf("%d writes, want 4", len(out.writes))
	}
	var b batch
	b.add([]byte(huge))
	if b.reset(); cap(b.bytes) != 0 {
		t.Errorf("%d bytes kept after a huge record", cap(b.bytes))
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	j := NewStream(io.Discard, "f")
	line := record(0, 200)
	if n := testing.AllocsPerRun(20_000, func() { j.Append(line) }); n != 0 {
		t.Errorf("%v allocations an Append", n)
	}
	appendAll(t, j)
}

// What a file holds can be appended again: nothing is lost on the way.
func TestAppendReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	var want []Entry
	for i := range 100 {
		var got []Entry
		j, err := Open(path, Options{Resume: true, Each: func(e Entry) error { got = append(got, e); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		appendAll(t, j, record(i, i))
		want = append(want, entry(i, i+1))
	}
}
