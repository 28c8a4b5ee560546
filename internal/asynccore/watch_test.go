package asynccore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// fakeNotify is a watchBackend whose events a test sends itself, so that it
// can live in a bubble; inotify cannot.
type fakeNotify struct {
	events chan fsnotify.Event
	errors chan error

	mu    sync.Mutex // guards the fields below
	fails map[string]error
	added []string
}

func newFakeNotify() *fakeNotify {
	return &fakeNotify{events: make(chan fsnotify.Event), errors: make(chan error), fails: map[string]error{}}
}

func (f *fakeNotify) add(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.added = append(f.added, path)
	return f.fails[path]
}

func (f *fakeNotify) fail(path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails[path] = err
}

func (f *fakeNotify) backend() watchBackend {
	return watchBackend{add: f.add, events: f.events, errors: f.errors, close: func() error {
		close(f.errors)
		close(f.events)
		return nil
	}}
}

// watchTimeline watches paths for an hour, while script runs, and returns what
// came and when.
func watchTimeline(t *testing.T, debounce time.Duration, script func(f *fakeNotify), paths ...string) []arrival[string] {
	t.Helper()
	var got []arrival[string]
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("hour over"))
		defer cancel()
		f := newFakeNotify()
		go func() {
			synctest.Wait()
			script(f)
		}()
		got = arrivals(func(yield func(string, error) bool) { newWatch(f.backend(), debounce, paths).run(ctx, yield) })
	})
	end := arrival[string]{time.Hour, "", "hour over"}
	if last := len(got) - 1; last < 0 || got[last] != end {
		t.Fatalf("does not end with %v: %v", end, got)
	}
	return got[:len(got)-1]
}

func (f *fakeNotify) write(name string) { f.events <- fsnotify.Event{Name: name, Op: fsnotify.Write} }

func TestWatchDebounces(t *testing.T) {
	const d = time.Second
	for _, tc := range []struct {
		name   string
		script func(f *fakeNotify)
		want   []arrival[string] // behind the two at the start
	}{
		{"nothing", func(f *fakeNotify) {}, nil},
		{"one", func(f *fakeNotify) {
			time.Sleep(5 * time.Second)
			f.write("/none/a")
		}, []arrival[string]{{6 * time.Second, "/none/a", ""}}},
		{"a burst is one", func(f *fakeNotify) {
			for range 5 {
				f.write("/none/a")
				time.Sleep(d / 2)
			}
		}, []arrival[string]{{3 * time.Second, "/none/a", ""}}}, // the last is at 2 s
		{"pauses part bursts", func(f *fakeNotify) {
			for range 2 {
				f.write("/none/a")
				time.Sleep(2 * d)
			}
		}, []arrival[string]{{d, "/none/a", ""}, {3 * d, "/none/a", ""}}},
		{"several, sorted", func(f *fakeNotify) {
			f.write("/none/dir/z")
			f.write("/none/dir/b")
			f.write("/none/a")
		}, []arrival[string]{{d, "/none/a", ""}, {d, "/none/dir/b", ""}, {d, "/none/dir/z", ""}}},
		{"no pause at all", func(f *fakeNotify) {
			for range 24 {
				f.write("/none/a")
				time.Sleep(d / 2)
			}
		}, []arrival[string]{{10 * d, "/none/a", ""}, {12500 * time.Millisecond, "/none/a", ""}}},
		{"not asked for", func(f *fakeNotify) {
			f.write("/none/b")
			f.write("/none/dir/sub/x")
			f.write("/none")
		}, nil},
	} {
		got := watchTimeline(t, d, tc.script, "/none/dir/", "/none/./a")
		want := slices.Concat([]arrival[string]{{0, "/none/a", ""}, {0, "/none/dir", ""}}, tc.want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestWatchOverflowIsAnErrorAndBringsAll(t *testing.T) {
	got := watchTimeline(t, time.Second, func(f *fakeNotify) { f.errors <- fsnotify.ErrEventOverflow }, "/none/a", "/none/b")
	want := []arrival[string]{{0, "/none/a", ""}, {0, "/none/b", ""},
		{time.Second, "", ErrWatchOverflow.Error()}, {time.Second, "/none/a", ""}, {time.Second, "/none/b", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A consumer who takes long finds each name once, and the memory for names is
// bounded; what came beyond counts as lost.
func TestWatchBoundsWhatItRemembers(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		f := newFakeNotify()
		w := newWatch(f.backend(), 0, []string{"/none/dir"})
		names, lost := map[string]int{}, 0
		_ = Stream[string](func(yield func(string, error) bool) { w.run(t.Context(), yield) }).
			OnError(func(err error) error {
				if err == ErrWatchOverflow {
					lost++
					return nil
				}
				return err
			}).
			ForEach(func(name string) error {
				if len(names) == 0 {
					for range 2 {
						for i := range watchPending + 5 {
							f.write(fmt.Sprintf("/none/dir/%d", i))
						}
					}
				}
				if names[name]++; len(names) == watchPending+1 {
					return errors.New("enough")
				}
				return nil
			})
		if lost != 1 || len(names) != watchPending+1 {
			t.Errorf("%d names, %d overflows", len(names), lost)
		}
	})
}

func TestWatchErrors(t *testing.T) {
	got := watchTimeline(t, time.Second, func(f *fakeNotify) {
		f.errors <- &os.PathError{Op: "remove", Path: "/none/a", Err: syscall.EINVAL} // of no matter
		f.errors <- errors.New("first")
		f.errors <- errors.New("second")
	}, "/none/a")
	want := []arrival[string]{{0, "/none/a", ""}, {time.Second, "", "watch: first"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A directory that goes is one error, and its paths come when it is back.
func TestWatchTriesALostDirectoryAgain(t *testing.T) {
	got := watchTimeline(t, time.Second, func(f *fakeNotify) {
		f.fail("/none", fs.ErrNotExist)
		f.fail("/none/a", fs.ErrNotExist) // of a path itself that is nothing
		f.write("/none")
		time.Sleep(10500 * time.Millisecond)
		f.fail("/none", nil)
	}, "/none/a", "/other/b", "/none/c")
	want := []arrival[string]{{0, "/none/a", ""}, {0, "/none/c", ""}, {0, "/other/b", ""},
		{1 * time.Second, "", "watch /none: file does not exist"},
		{11 * time.Second, "/none/a", ""}, {11 * time.Second, "/none/c", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWatchEndsWithItsBackend(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		f := newFakeNotify()
		b := f.backend()
		b.close = func() error { return nil }
		go close(f.events)
		got := drainStream(func(yield func(string, error) bool) { newWatch(b, 0, []string{"/none/a"}).run(t.Context(), yield) })
		if diff := cmp.Diff([]seenItem[string]{{"/none/a", ""}, {"", "watch: closed"}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// onDisk iterates a Watch of real files: steps[i] runs when the i-th expected
// name has come, the first when all paths stand, and wants are the names that
// come after each.
type watchStep struct {
	do   func()
	want string
}

func watchOnDisk(t *testing.T, paths []string, steps []watchStep) {
	t.Helper()
	checkStreamLeaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	initial, k := len(paths), 0
	for name, err := range Watch(ctx, 20*time.Millisecond, paths...) {
		if err != nil {
			t.Fatalf("step %d: %v", k, err)
		}
		switch {
		case initial > 0:
			if initial--; initial > 0 {
				continue
			}
		case name != steps[k].want:
			continue // the disk may say something twice
		default:
			k++
		}
		if k == len(steps) {
			return
		}
		steps[k].do()
	}
}

func TestWatchOnDisk(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "conf")
	sub := filepath.Join(dir, "sub")
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	write := func(path, content string) func() {
		return func() { must(os.WriteFile(path, []byte(content), 0o600)) }
	}
	replace := func(content string) func() {
		return func() {
			_, err := WriteFile(t.Context(), conf, strings.NewReader(content), 0o600)
			must(err)
		}
	}
	watchOnDisk(t, []string{conf, sub}, []watchStep{
		{write(conf, "created"), conf},
		{write(conf, "written"), conf},
		{replace("replaced"), conf},
		{replace("again"), conf},
		{write(conf, "written after a replacement"), conf},
		{func() { must(os.Rename(conf, conf+".old")) }, conf},
		{write(conf, "created anew"), conf},
		{func() { must(os.Remove(conf)) }, conf},
		{func() { must(os.Mkdir(sub, 0o700)) }, sub},
		{write(filepath.Join(sub, "entry"), "x"), filepath.Join(sub, "entry")},
		{func() { must(os.RemoveAll(sub)) }, sub},
		{func() { must(os.Mkdir(sub, 0o700)) }, sub},
		{write(filepath.Join(sub, "entry"), "y"), filepath.Join(sub, "entry")},
	})
}

// TestWatchFollowsLinks has the layout of a mounted ConfigMap: the file is a
// link through a directory link, and only that is replaced.
func TestWatchFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "conf")
	version := 0
	publish := func() {
		version++
		data := fmt.Sprintf("v%d", version)
		for _, err := range []error{
			os.Mkdir(filepath.Join(dir, data), 0o700),
			os.WriteFile(filepath.Join(dir, data, "conf"), []byte(data), 0o600),
			os.Symlink(data, filepath.Join(dir, "..tmp")),
			os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	publish()
	if err := os.Symlink(filepath.Join("..data", "conf"), conf); err != nil {
		t.Fatal(err)
	}
	inPlace := func() {
		if err := os.WriteFile(conf, []byte("through the link"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	watchOnDisk(t, []string{conf}, []watchStep{{publish, conf}, {inPlace, conf}, {publish, conf}, {inPlace, conf}})
}

// TestWatchDirectoryReplaced moves the directory of the file away and another
// one to its place, and removes it for a while.
func TestWatchDirectoryReplaced(t *testing.T) {
	checkStreamLeaks(t)
	parent := t.TempDir()
	dir, conf := filepath.Join(parent, "dir"), filepath.Join(parent, "dir", "conf")
	fill := func(dir string) {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "conf"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	fill(dir)
	steps := []func(){
		func() { // moved and replaced
			fill(dir + ".new")
			if err := errors.Join(os.Rename(dir, dir+".old"), os.Rename(dir+".new", dir)); err != nil {
				t.Fatal(err)
			}
		},
		func() { _ = os.WriteFile(conf, []byte("x"), 0o600) },
		func() { _ = os.RemoveAll(dir) },
		func() { fill(dir) },
		func() { _ = os.WriteFile(conf, []byte("x"), 0o600) },
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	settled := func() { time.Sleep(60 * time.Millisecond) } // what a step causes later than its first item
	lost := 0
	changes := Watch(ctx, 20*time.Millisecond, conf).OnError(func(err error) error {
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		lost++
		return nil
	})
	k := 0
	for _, err := range changes {
		if err != nil {
			t.Fatalf("step %d: %v", k, err)
		}
		settled()
		if k == len(steps) {
			break
		}
		steps[k]()
		k++
	}
	if k != len(steps) || lost > 1 {
		t.Errorf("%d steps, directory lost %d times", k, lost)
	}
}

// TestWatchManyRenamesAndRemovals would hang where Add or Close waits for
// fsnotify while that waits for a reader.
func TestWatchManyRenamesAndRemovals(t *testing.T) {
	checkStreamLeaks(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "conf")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("hangs"))
	defer cancel()
	var churn sync.WaitGroup
	for i := range 2 {
		churn.Go(func() {
			for ctx.Err() == nil {
				gone := fmt.Sprintf("%s.%d", conf, i)
				_ = os.WriteFile(conf, []byte("x"), 0o600)
				_ = os.Rename(conf, gone)
				_ = os.Remove(gone)
			}
		})
	}
	if n, err := Watch(ctx, 0, conf).Take(100).Count(); n != 100 || err != nil {
		t.Errorf("%d changes, %v", n, err)
	}
	cancel()
	churn.Wait()
}
