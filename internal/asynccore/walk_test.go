package asynccore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// walkTree makes files and a link below a new directory and returns that.
func walkTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"b/2", "b/1", "a/deep/er/x", "c", "a.txt"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("b", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	return root
}

func pathsOf(t *testing.T, s Stream[WalkEntry]) []string {
	t.Helper()
	paths, err := Map(s, func(e WalkEntry) (string, error) { return e.Path, nil }).Collect()
	if err != nil {
		t.Error(err)
	}
	return paths
}

func TestWalkIsWalkDir(t *testing.T) {
	root := walkTree(t)
	var want []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		want = append(want, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	walk := Walk(t.Context(), root, nil)
	if diff := cmp.Diff(want, pathsOf(t, walk)); diff != "" {
		t.Errorf("(-WalkDir +Walk):\n%s", diff)
	}
	for k := 1; k <= len(want); k++ {
		if got := pathsOf(t, walk.Take(k)); !slices.Equal(got, want[:k]) {
			t.Errorf("first %d: %v", k, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range Walk(ctx, root, nil) {
		if n++; n == 3 {
			cancel()
		}
		if (err != nil) != (n == 4) || n == 4 && err != context.Canceled {
			t.Errorf("item %d: %v", n, err)
		}
	}
	if n != 4 {
		t.Errorf("%d items, cancelled at the third", n)
	}
}

func TestWalkPrunes(t *testing.T) {
	root := walkTree(t)
	got := pathsOf(t, Walk(t.Context(), root, func(e WalkEntry) bool {
		return e.Name() == "deep" || e.Name() == "1"
	}))
	var want []string
	for _, name := range []string{"", "a", "a.txt", "b", "b/2", "c", "link"} {
		want = append(want, filepath.Join(root, name))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := pathsOf(t, Walk(t.Context(), root, func(WalkEntry) bool { return true })); got != nil {
		t.Errorf("root pruned: %v", got)
	}
}

func TestWalkGoesOnBehindAnError(t *testing.T) {
	root := walkTree(t)
	var got []string
	for e, err := range Walk(t.Context(), root, nil) {
		if err != nil {
			if pe, ok := errors.AsType[*fs.PathError](err); !ok || pe.Path != e.Path || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", e.Path, err)
			}
			got = append(got, "error")
			continue
		}
		got = append(got, e.Name())
		if e.Name() == "a" { // gone before it is read
			if err := os.RemoveAll(e.Path); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{filepath.Base(root), "a", "error", "a.txt", "b", "1", "2", "c", "link"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := Walk(t.Context(), filepath.Join(root, "none"), nil).Collect()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no root: %v", err)
	}
}
