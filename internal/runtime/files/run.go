package files

import (
	"crypto/rand"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/specify-cli/specify/internal/flock"
)

// A Dir has a run file at its root while it is open, and the kernel's lock on
// it, which ends with the process, however that ends. The temporary files of
// the run carry its id:
//
//	.specify-ID.part        the run file
//	.specify-ID-N.part      the temporary file of the N-th output, beside its place
//	NAME.specify.part       what Resume goes on with; no run owns it
//
// So what a killed run has left can be told from what another one is writing:
// the lock of its run file can be had. No output may have such a name.
const tempPrefix, tempSuffix = ".specify-", ".part"

// Compiled when it is needed: not at every start.
var runFile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\.specify-([a-z2-7]{26})\.part$`) })

// run is the run file of this Dir.
type run struct {
	id   string
	file *os.File
}

// startRun makes the run file. Whoever sweeps at the same time may take it for
// a dead one before it is locked: then there is another try.
func startRun(root *os.Root) (*run, error) {
	for {
		r := &run{id: strings.ToLower(rand.Text())}
		file, err := root.OpenFile(r.name(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		r.file = file
		lockErr := flock.Lock(file) // errors but flock.ErrLocked: no locks here, and so no sweeping
		named, err := root.Lstat(r.name())
		if err == nil && !errors.Is(lockErr, flock.ErrLocked) {
			opened, err := file.Stat()
			if err != nil {
				return nil, withClose(err, file)
			}
			if os.SameFile(named, opened) {
				return r, nil
			}
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
}

func (r *run) name() string { return tempPrefix + r.id + tempSuffix }

// end removes the run file. It is closed first, as Windows wants it; between
// the two another run's Sweep may do the rest.
func (r *run) end(root *os.Root) error {
	return errors.Join(r.file.Close(), ignoreGone(root.Remove(r.name())))
}

// ours reports whether a name, without its folders, is of a kind that no
// output may have.
func ours(base string) bool {
	lower := strings.ToLower(base)
	return strings.HasPrefix(lower, tempPrefix) && strings.HasSuffix(lower, tempSuffix) ||
		strings.HasSuffix(lower, keptSuffix)
}
