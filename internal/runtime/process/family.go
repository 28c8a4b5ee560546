//go:build unix

package process

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// process is an entry of the system's table of processes.
type process struct {
	pid, parent, session int
	start                int64 // tells apart two processes that had the same pid
	dead                 bool  // a zombie
}

// everybody is the table of processes for all families.
var everybody snapshot

// snapshot shares a reading of the table among those who ask at the same
// time: when a deadline stops 200 commands at once, a few readings for each
// would take seconds.
type snapshot struct {
	mu        sync.Mutex // guards the fields, and is held while reading
	began     time.Time
	processes []process
}

// now returns a table whose reading has begun after the call. Callers share
// it and leave it as it is.
func (s *snapshot) now() []process {
	asked := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.began.After(asked) {
		s.began = time.Now()
		s.processes = processes()
	}
	return s.processes
}

// family finds the processes that a leader has brought into the world: its
// descendants, those in its session, and those that were seen to be such
// before their parents ended. The leader must not have been reaped. Where the
// table of processes cannot be read it finds nobody. It is not safe for
// concurrent use.
type family struct {
	leader  int
	session bool          // the leader leads a session
	seen    map[int]int64 // pid to start
}

// refresh reads the table and returns the members that live.
func (f *family) refresh() []process {
	table := everybody.now()
	members := make(map[int]bool)
	for grown := true; grown; {
		grown = false
		for _, p := range table {
			if !members[p.pid] && (f.has(p) || members[p.parent]) {
				members[p.pid], grown = true, true
			}
		}
	}
	f.seen = make(map[int]int64, len(members))
	var living []process
	for _, p := range table {
		if members[p.pid] {
			f.seen[p.pid] = p.start
			if !p.dead {
				living = append(living, p)
			}
		}
	}
	return living
}

// has reports whether p is a member whoever its parent is.
func (f *family) has(p process) bool {
	start, seen := f.seen[p.pid]
	return p.pid == f.leader || f.session && p.session == f.leader || seen && start == p.start
}

// kill sends SIGKILL until nobody is left, as members may fork while it
// reads, but no longer than about 60 ms: a process in the kernel ends late.
// Most have got theirs with their group and need but a moment.
func (f *family) kill() {
	for pause := time.Millisecond; pause <= 32*time.Millisecond; pause *= 2 {
		time.Sleep(pause)
		living := f.refresh()
		if len(living) == 0 {
			return
		}
		for _, p := range living {
			p.signal(syscall.SIGKILL)
		}
	}
}

// signal sends sig unless the pid has become another's. FindProcess takes a
// pidfd on Linux, which makes looking and sending one.
func (p process) signal(sig syscall.Signal) {
	handle, err := os.FindProcess(p.pid)
	if err != nil {
		return
	}
	defer handle.Release()
	if now, ok := lookUp(p.pid); ok && now.start == p.start {
		handle.Signal(sig)
	}
}
