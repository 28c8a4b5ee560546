package asynccore

import (
	"cmp"
	"errors"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

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
