package asynccore

import (
	"context"
	"io/fs"
	"path/filepath"
)

// WalkEntry is a file or directory that Walk has come to.
type WalkEntry struct {
	Path        string // begins with the root that was given to Walk
	fs.DirEntry        // may be nil beside an error
}

// Walk yields root and everything below it, as filepath.WalkDir does: a
// directory before its entries, these in lexical order, symbolic links not
// followed. What prune is true for is left out, with all below it; prune may
// be nil. What cannot be read is an error item, an *fs.PathError, and the walk
// goes on. Once ctx is done the cause is the last item.
func Walk(ctx context.Context, root string, prune func(WalkEntry) bool) Stream[WalkEntry] {
	return func(yield func(WalkEntry, error) bool) {
		// The function below returns no other error than the two that steer.
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			e := WalkEntry{Path: path, DirEntry: d}
			if ctx.Err() != nil {
				yield(WalkEntry{}, context.Cause(ctx))
				return fs.SkipAll
			}
			if err == nil && prune != nil && prune(e) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if !yield(e, err) {
				return fs.SkipAll
			}
			return nil
		})
	}
}
