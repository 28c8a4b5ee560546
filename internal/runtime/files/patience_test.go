package files

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
)

// lacking is a folder that has no descriptor for so many renames.
type lacking struct {
	folder
	times int
}

func (l *lacking) Rename(from, to string) error {
	if l.times > 0 {
		l.times--
		return &fs.PathError{Op: "openat", Path: to, Err: syscall.ENFILE}
	}
	return nil
}

func TestLackOfDescriptorsIsWaitedOut(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			times int
			took  time.Duration
			err   error
		}{
			{0, 0, nil},
			{3, 35 * time.Millisecond, nil},
			{1000, 5115 * time.Millisecond, syscall.ENFILE}, // 5 ms, 10 ms, ... 2.56 s: the first sum that is 5 s
		} {
			f := &File{in: &lacking{times: c.times}}
			began := time.Now()
			if err := f.rename(); !errors.Is(err, c.err) || time.Since(began) != c.took {
				t.Errorf("%d times: %v after %v; want %v after %v", c.times, err, time.Since(began), c.err, c.took)
			}
		}
		var p patience
		if p.again(syscall.ENOSPC) || p.again(nil) {
			t.Error("something else is waited out as well")
		}
	})
}
