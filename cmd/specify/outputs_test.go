package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outputs lists the files below dir: those at their final names, and temporary
// ones.
func outputs(t *testing.T, dir string) (whole, parts []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
		case strings.HasSuffix(name, ".part"):
			parts = append(parts, name)
		default:
			whole = append(whole, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole, parts
}
