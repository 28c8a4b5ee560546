package journal

import "os"

// truncate opens the file once more: a handle opened with O_APPEND has only
// FILE_APPEND_DATA, with which SetEndOfFile is denied.
func truncate(f *os.File, size int64) error { return os.Truncate(f.Name(), size) }
