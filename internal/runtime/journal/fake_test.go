package journal

import (
	"sync"
	"time"
)

// fake is a target in memory that records every call. Its hooks run without
// the lock, so that they may wait.
type fake struct {
	onWrite func(record []byte) (n int, err error) // nil: everything is written
	onSync  func() error

	mu     sync.Mutex // guards the fields below
	data   []byte
	writes []string
	syncs  []time.Time
	closed int
}

func (f *fake) Write(record []byte) (n int, err error) {
	n = len(record)
	if f.onWrite != nil {
		n, err = f.onWrite(record)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, string(record))
	f.data = append(f.data, record[:n]...)
	return n, err
}

func (f *fake) Sync() error {
	f.mu.Lock()
	f.syncs = append(f.syncs, time.Now())
	f.mu.Unlock()
	if f.onSync != nil {
		return f.onSync()
	}
	return nil
}

func (f *fake) Cut(n int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = f.data[:len(f.data)-n]
	return nil
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

func (f *fake) content() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.data)
}

func (f *fake) synced() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time(nil), f.syncs...)
}
