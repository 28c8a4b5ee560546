//go:build !windows

package journal

import "os"

func truncate(f *os.File, size int64) error { return f.Truncate(size) }
