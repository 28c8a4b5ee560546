package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"sync"
	"time"
)

// errNoLine is a caller's mistake that would make the file unreadable.
var errNoLine = errors.New("a record must be one line and not empty")

// Journal appends records to a results file. Its methods are safe for
// concurrent use.
type Journal struct {
	name    string
	out     target
	every   time.Duration // from a write to its fsync, at the longest
	dropped int64
	wake    chan struct{} // holds a token while the writer has something to look at
	failed  chan struct{} // closed once err is set
	done    chan struct{} // closed when the writer has ended
	finish  func() error  // what Close returns, found out once

	mu       sync.Mutex // guards the fields below
	changed  sync.Cond  // on mu: pending has room, or synced, err or closing changed
	pending  batch      // appended and not yet taken by the writer
	appended int64      // records accepted so far
	synced   int64      // of these, written and synced
	flush    bool       // somebody waits for a sync
	closing  bool
	err      *WriteError // the first failure
}

// start begins the writer goroutine, which Close waits for.
func start(out target, name string, every time.Duration) *Journal {
	if every <= 0 {
		every = time.Second
	}
	j := &Journal{
		name:   name,
		out:    out,
		every:  every,
		wake:   make(chan struct{}, 1),
		failed: make(chan struct{}),
		done:   make(chan struct{}),
	}
	j.changed.L = &j.mu
	j.finish = sync.OnceValue(j.closeOut)
	go j.run()
	return j
}

// Append adds one encoded record, with or without its newline; line may be
// reused when Append returns. It waits while more than 1 MiB of records wait
// to be written, so a slow disk or reader slows the run down instead of
// filling memory. nil means accepted, not written: a later failure shows in
// Failed, Err, Flush and Close. After the first failure, and after Close, it
// returns a *WriteError at once.
func (j *Journal) Append(line []byte) error {
	if i := bytes.IndexByte(line, '\n'); len(line) == 0 || i >= 0 && (i == 0 || i < len(line)-1) {
		return &WriteError{Path: j.name, Op: "append", Err: errNoLine}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.refusal() == nil && !j.pending.fits(len(line)+1) {
		j.changed.Wait()
	}
	if err := j.refusal(); err != nil {
		return err
	}
	j.pending.add(line)
	j.appended++
	j.rouse()
	return nil
}

// refusal is why nothing more can be appended. mu is held.
func (j *Journal) refusal() error {
	switch {
	case j.err != nil:
		return j.err
	case j.closing:
		return &WriteError{Path: j.name, Op: "append", Err: fs.ErrClosed}
	}
	return nil
}

// Flush returns when every record whose Append has returned is written and,
// in a regular file, synced; else it returns the *WriteError that prevents it.
func (j *Journal) Flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	upTo := j.appended
	for j.err == nil && j.synced < upTo {
		j.flush = true
		j.rouse()
		j.changed.Wait()
	}
	return j.sticky()
}

// Failed is closed when the first write or sync has failed: the moment to
// stop admitting work.
func (j *Journal) Failed() <-chan struct{} { return j.failed }

// Err returns the *WriteError of the first failed write or sync, or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sticky()
}

// sticky returns err without making a typed nil of it. mu is held.
func (j *Journal) sticky() error {
	if j.err == nil {
		return nil
	}
	return j.err
}

// Dropped is the length in bytes of the torn last line that Open cut off; 0
// if there was none.
func (j *Journal) Dropped() int64 { return j.dropped }

// Close writes and syncs what has been appended, unlocks and closes the file,
// and waits for the writer to end. It returns the first *WriteError of the
// Journal's whole life; every call returns the same.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closing = true
	j.changed.Broadcast()
	j.rouse()
	j.mu.Unlock()
	<-j.done
	return j.finish()
}

func (j *Journal) closeOut() error {
	err := j.out.Close()
	if first := j.Err(); first != nil {
		return first
	}
	if err != nil {
		return &WriteError{Path: j.name, Op: "close", Err: err}
	}
	return nil
}

func (j *Journal) rouse() {
	select {
	case j.wake <- struct{}{}:
	default: // a token is there already
	}
}
