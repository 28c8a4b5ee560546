package asynccore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
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
