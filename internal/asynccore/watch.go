package asynccore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// ErrWatchOverflow says that the system dropped events of a Watch.
var ErrWatchOverflow = errors.New("file system events were lost")

const (
	// watchPatience times the debounce is the longest that a burst without a
	// pause is held back.
	watchPatience = 10
	// watchRetry is the time between attempts to watch what is not there.
	watchRetry = time.Second
	// watchPending is the number of changed names that are remembered while
	// the consumer is busy; more count as an overflow.
	watchPending = 10_000
)

// Watch yields the paths that have changed: a path given, or an entry directly
// in a given directory, as filepath.Clean writes it. A path need not exist, but
// its directory must.
//
// Every path given comes once at the start, when its watch stands; who reads
// it then, and again whenever it comes, misses nothing. Changes are gathered
// until there was none for debounce, but not for longer than ten times that,
// and come sorted, once each. Contents, mode, creation, removal, replacement
// by a rename and a symbolic link that leads elsewhere are changes; a path may
// come though its content is as before.
//
// Lost events are an ErrWatchOverflow item, after which every path given
// comes. What cannot be watched, a directory that is gone too, is an error item
// once; it is tried again each second, and its paths come when it is back.
// Once ctx is done the cause is the last item.
func Watch(ctx context.Context, debounce time.Duration, paths ...string) Stream[string] {
	return func(yield func(string, error) bool) {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			yield("", fmt.Errorf("watch: %w", err))
			return
		}
		b := watchBackend{add: w.Add, close: w.Close, events: w.Events, errors: w.Errors}
		newWatch(b, debounce, paths).run(ctx, yield)
	}
}

// watchBackend is what Watch needs of fsnotify.
type watchBackend struct {
	add    func(path string) error
	close  func() error // events is closed after it
	events <-chan fsnotify.Event
	errors <-chan error
}

// watch is one iteration of a Watch. Each path is watched itself, for writes
// through a symbolic link and for the entries of a directory, and so is the
// directory it is in, since a watch stays with a file that is renamed.
type watch struct {
	backend watchBackend
	paths   []string
	parents []string               // the directories of paths; these must exist
	found   map[string]fs.FileInfo // what was at a path; links followed
	lost    map[string]bool        // could not be watched, and that was said
	seen    watchEvents
}

func newWatch(b watchBackend, debounce time.Duration, paths []string) *watch {
	w := &watch{backend: b, found: map[string]fs.FileInfo{}, lost: map[string]bool{}}
	watched := map[string]bool{}
	for _, p := range paths {
		p = filepath.Clean(p)
		watched[p] = true
		w.paths = append(w.paths, p)
		w.parents = append(w.parents, filepath.Dir(p))
	}
	w.seen = watchEvents{
		watched:  watched,
		debounce: debounce,
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		pending:  pendingEvents{changed: map[string]bool{}},
	}
	return w
}

func (w *watch) run(ctx context.Context, yield func(string, error) bool) {
	go w.seen.gather(w.backend.events, w.backend.errors)
	defer func() {
		_ = w.backend.close() // nothing was written that could be lost
		<-w.seen.done
	}()
	start := pendingEvents{changed: maps.Clone(w.seen.watched)}
	if !w.flush(start, yield) {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		if due := w.seen.due(); !due.IsZero() {
			timer.Reset(time.Until(due))
		} else if len(w.lost) > 0 {
			timer.Reset(watchRetry)
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
		case <-w.seen.wake:
		case <-w.seen.done:
			yield("", fmt.Errorf("watch: %w", ErrClosed))
			return
		case <-timer.C:
			if !w.flush(w.seen.take(), yield) {
				return
			}
		}
	}
	yield("", context.Cause(ctx))
}

// flush watches again what is not, and yields errors and then what has
// changed. It reports whether the consumer wants more.
func (w *watch) flush(p pendingEvents, yield func(string, error) bool) bool {
	var errs []error
	if p.err != nil {
		errs = append(errs, fmt.Errorf("watch: %w", p.err))
	}
	if p.overflow {
		errs = append(errs, ErrWatchOverflow)
		maps.Copy(p.changed, w.seen.watched)
	}
	back := map[string]bool{}
	for _, target := range slices.Concat(w.parents, w.paths) {
		err := w.backend.add(target) // of what is watched already changes nothing
		if errors.Is(err, fs.ErrNotExist) && !slices.Contains(w.parents, target) {
			err = nil
		}
		if err == nil && w.lost[target] {
			delete(w.lost, target)
			back[target] = true
		}
		if err != nil && !w.lost[target] {
			w.lost[target] = true
			errs = append(errs, fmt.Errorf("watch %s: %w", target, err))
		}
	}
	for i, path := range w.paths {
		// Behind links and directories that were replaced no event tells of
		// the path itself.
		info, err := os.Stat(path)
		if err != nil {
			info = nil // not there
		}
		if back[path] || back[w.parents[i]] || !sameState(info, w.found[path]) {
			p.changed[path] = true
		}
		w.found[path] = info
	}
	for _, err := range errs {
		if !yield("", err) {
			return false
		}
	}
	for _, path := range slices.Sorted(maps.Keys(p.changed)) {
		if !yield(path, nil) {
			return false
		}
	}
	return true
}

// sameState compares what os.Stat gave, nil for nothing, at two times.
func sameState(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	// A directory's time is that of its entries, of which events tell.
	return os.SameFile(a, b) && (a.IsDir() || a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size())
}

// watchEvents receives from fsnotify at all times: it blocks under its own
// lock while nobody does, and then its Add and Close would wait for ever.
type watchEvents struct {
	watched  map[string]bool // the paths; not changed
	debounce time.Duration
	wake     chan struct{} // has an entry when something new is pending
	done     chan struct{} // closed when gather has ended

	mu          sync.Mutex // guards the fields below
	pending     pendingEvents
	first, last time.Time // of the events pending; zero if there are none
}

// pendingEvents is what has happened since the last flush.
type pendingEvents struct {
	changed  map[string]bool
	overflow bool
	err      error // the first, if there were several
}

func (e *watchEvents) gather(events <-chan fsnotify.Event, errs <-chan error) {
	defer close(e.done)
	for {
		select {
		case ev, open := <-events:
			if !open {
				return
			}
			e.note(ev.Name, nil)
		case err, open := <-errs:
			if !open {
				errs = nil // events follows
				continue
			}
			// A file that is renamed and then removed is unwatched twice by
			// fsnotify 1.10.1 (backend_inotify.go, IN_MOVE_SELF).
			if !errors.Is(err, syscall.EINVAL) {
				e.note("", err)
			}
		}
	}
}

// note adds an event for name, or an error. A name that nobody asked for still
// begins a flush: a link to a path may lead elsewhere now, a directory be back.
func (e *watchEvents) note(name string, err error) {
	name = filepath.Clean(name)
	e.mu.Lock()
	switch {
	case errors.Is(err, fsnotify.ErrEventOverflow):
		e.pending.overflow = true
	case err != nil:
		e.pending.err = cmp.Or(e.pending.err, err)
	case !e.watched[name] && !e.watched[filepath.Dir(name)]:
	case len(e.pending.changed) >= watchPending:
		e.pending.overflow = true
	default:
		e.pending.changed[name] = true
	}
	e.last = time.Now()
	if e.first.IsZero() {
		e.first = e.last
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// due returns when what is pending is to be flushed; zero if nothing is.
func (e *watchEvents) due() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dueLocked()
}

func (e *watchEvents) dueLocked() time.Time {
	if e.first.IsZero() {
		return time.Time{}
	}
	quiet, latest := e.last.Add(e.debounce), e.first.Add(watchPatience*e.debounce)
	if latest.Before(quiet) {
		return latest
	}
	return quiet
}

// take removes and returns what is pending, if it is due.
func (e *watchEvents) take() pendingEvents {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := pendingEvents{changed: map[string]bool{}}
	if due := e.dueLocked(); !due.IsZero() && !due.After(time.Now()) {
		taken, e.pending = e.pending, taken
		e.first, e.last = time.Time{}, time.Time{}
	}
	return taken
}
