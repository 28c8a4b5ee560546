package files

import (
	"errors"
	"io/fs"
	"os"
)

// LookDir opens the folder at path to see what a run would find there: names
// are claimed and sizes are told as in a Dir of OpenDir, but nothing is made,
// not even the folder, and no output can be created. That a file system takes
// "A" for "a" is not known without writing to it.
func LookDir(path string) (*Dir, error) {
	root, err := os.OpenRoot(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, outputError(path, err)
	}
	return &Dir{path: path, root: root, claims: newClaims(false)}, nil
}
