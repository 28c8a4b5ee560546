package journal

import (
	"errors"
	"io/fs"
	"os"
)

// Look hands each whole record of the results file at path to each, as Open
// does with Options.Resume, and leaves the file as it is, unlocked and with a
// torn last line. A file that is not there has no records. The error is a
// *DamagedError for a line that is no record, or that of each.
func Look(path string, each func(Entry) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // nothing was written
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return err // what can only be written to has nothing to resume
	}
	_, _, err = resume(f, path, DefaultMaxLine, each)
	return err
}
