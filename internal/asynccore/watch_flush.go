package asynccore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

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
