package asynccore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inSteps reads one block of 1000 bytes of char a call, and calls before
// ahead of the k-th, k from 0. A steps of 3 is three blocks and then io.EOF.
type inSteps struct {
	char   byte
	steps  int
	before func(k int)
	k      int
}

func (r *inSteps) Read(p []byte) (int, error) {
	if r.before != nil {
		r.before(r.k)
	}
	if r.k++; r.k > r.steps {
		return 0, io.EOF
	}
	return copy(p, bytes.Repeat([]byte{r.char}, 1000)), nil
}

// mustHold fails t unless dir holds just the named files with their content.
func mustHold(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out")
	for _, content := range []string{"first", "", strings.Repeat("longer than a buffer ", 100_000)} {
		n, err := WriteFile(t.Context(), name, strings.NewReader(content), 0o500)
		if n != int64(len(content)) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		mustHold(t, dir, map[string]string{"out": content})
		if info, _ := os.Stat(name); info.Mode() != 0o500 {
			t.Errorf("mode %v", info.Mode())
		}
	}
}

// TestWriteFileCancelledAtEachStep ends the context ahead of each read, that
// of io.EOF included, behind which come the flush and the rename.
func TestWriteFileCancelledAtEachStep(t *testing.T) {
	checkStreamLeaks(t)
	cause := errors.New("closing")
	for _, old := range []string{"", "old"} {
		for k := -1; k <= 4; k++ {
			dir := t.TempDir()
			name := filepath.Join(dir, "out")
			want := map[string]string{}
			if old != "" {
				want["out"] = old
				if err := os.WriteFile(name, []byte(old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			src := &inSteps{char: 'n', steps: 3, before: func(at int) {
				if at == k {
					cancel(cause)
				}
			}}
			if k == -1 {
				cancel(cause)
			}
			_, err := WriteFile(ctx, name, src, 0o600)
			cancel(nil)
			pe, typed := errors.AsType[*fs.PathError](err)
			switch {
			case k == 4: // there is no fourth read behind io.EOF
				want["out"] = strings.Repeat("n", 3000)
				if err != nil {
					t.Errorf("not cancelled: %v", err)
				}
			case !typed || pe.Op != "write" || pe.Path != name || pe.Err != cause:
				t.Errorf("cancelled ahead of read %d: %v", k, err)
			}
			mustHold(t, dir, want)
		}
	}
}

func TestWriteFileFails(t *testing.T) {
	broken := errors.New("broken source")
	dir := t.TempDir()
	name := filepath.Join(dir, "out")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
	n, err := WriteFile(t.Context(), name, src, 0o600)
	if n != 4 || !errors.Is(err, broken) || err.Error() != "write "+name+": broken source" {
		t.Errorf("source fails: %d, %v", n, err)
	}
	mustHold(t, dir, map[string]string{"out": "old"})

	value := streamPanic(func() {
		_, _ = WriteFile(t.Context(), name, &inSteps{steps: 2, before: func(k int) {
			if k == 1 {
				panic("in the source")
			}
		}}, 0o600)
	})
	if value != "in the source" {
		t.Errorf("panic %v", value)
	}
	mustHold(t, dir, map[string]string{"out": "old"})

	missing := filepath.Join(dir, "no", "out")
	if _, err := WriteFile(t.Context(), missing, strings.NewReader(""), 0o600); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "write "+missing+": ") {
		t.Errorf("no directory: %v", err)
	}

	sub := filepath.Join(t.TempDir(), "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = WriteFile(t.Context(), sub, strings.NewReader("x"), 0o600)
	if _, ok := errors.AsType[*os.LinkError](err); !ok {
		t.Errorf("onto a directory: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(sub)); len(entries) != 1 {
		t.Errorf("left beside it: %v", entries)
	}
}

// TestWriteFileReadersSeeOldOrNew has readers at work all the time; each
// content is one letter, so a mixture or a part would show.
func TestWriteFileReadersSeeOldOrNew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	write := func(i int) error {
		_, err := WriteFile(t.Context(), name, &inSteps{char: 'a' + byte(i%26), steps: 20}, 0o600)
		return err
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				got, err := ReadFile(t.Context(), name, 1<<20)
				if err != nil || len(got) != 20_000 || strings.Trim(string(got), string(got[:1])) != "" {
					t.Errorf("%d bytes, %v", len(got), err)
					return
				}
			}
		})
	}
	writes := 50
	if testing.Short() {
		writes = 10
	}
	for i := range writes {
		if err := write(i); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	readers.Wait()
}

// TestWriteFileKilled ends a process that writes, at different moments, with
// SIGKILL. The file is whole each time.
func TestWriteFileKilled(t *testing.T) {
	if name := os.Getenv("ASYNCCORE_WRITE_UNTIL_KILLED"); name != "" {
		for i := 0; ; i++ {
			if _, err := WriteFile(t.Context(), name, &inSteps{char: 'a' + byte(i%26), steps: 300}, 0o600); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				os.Stdout.WriteString("written\n")
			}
		}
	}
	name := filepath.Join(t.TempDir(), "out")
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for i := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteFileKilled$")
		cmd.Env = append(os.Environ(), "ASYNCCORE_WRITE_UNTIL_KILLED="+name)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "written\n" {
			t.Fatalf("%q, %v", line, err)
		}
		time.Sleep(time.Duration(3*i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says that it was killed
		got, err := os.ReadFile(name)
		if err != nil || len(got) != 300_000 || strings.Trim(string(got), string(got[:1])) != "" {
			t.Errorf("round %d: %d bytes, %v", i, len(got), err)
		}
	}
}

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "in")
	big := strings.Repeat("0123456789", 110_000) // more than a buffer
	for _, tc := range []struct {
		content string
		limit   int64
		tooLong bool
	}{
		{"", 0, false}, {"x", 0, true}, {"12345", 5, false}, {"123456", 5, true},
		{big, int64(len(big)), false}, {big, int64(len(big)) - 1, true}, {big, 1 << 62, false}, {"x", -1, true},
	} {
		if err := os.WriteFile(name, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(t.Context(), name, tc.limit)
		if e, tooLong := errors.AsType[*TooLongError](err); tooLong != tc.tooLong || tooLong && e.Max != tc.limit {
			t.Errorf("%d bytes, limit %d: %v", len(tc.content), tc.limit, err)
		}
		if !tc.tooLong && (err != nil || string(got) != tc.content) {
			t.Errorf("%d bytes, limit %d: got %d, %v", len(tc.content), tc.limit, len(got), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := ReadFile(ctx, name, 10); got != nil || !errors.Is(err, context.Canceled) || err.Error() != "read "+name+": context canceled" {
		t.Errorf("cancelled: %q, %v", got, err)
	}
	dir := filepath.Dir(name)
	if _, err := ReadFile(t.Context(), dir, 10); err == nil || err.Error() != "read "+dir+": is a directory" {
		t.Errorf("directory: %v", err)
	}
	if _, err := ReadFile(t.Context(), name+"x", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
