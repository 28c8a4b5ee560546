package process

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	for _, test := range []struct {
		stat string
		want process
		ok   bool
	}{
		{"7 (sleep) S 3 7 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 4096 1", process{pid: 7, parent: 3, session: 5, start: 9876}, true},
		{"7 (sleep) Z 3 7 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 4096 1", process{pid: 7, parent: 3, session: 5, start: 9876, dead: true}, true},
		{"7 (a) S 1 1 1 (b) S 3 7 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 0 1", process{pid: 7, parent: 3, session: 5, start: 9876}, true},
		{"7 (a\nb) R 3 7 5 34816 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876", process{pid: 7, parent: 3, session: 5, start: 9876}, true},
		{"7 (sleep) S 3 7 5", process{}, false},
		{"", process{}, false},
		{")", process{}, false},
	} {
		if got, ok := parseStat(7, []byte(test.stat)); got != test.want || ok != test.ok {
			t.Errorf("parseStat(%q) = %+v, %v; want %+v, %v", test.stat, got, ok, test.want, test.ok)
		}
	}
}

// The table agrees with what the system tells us of ourselves.
func TestTableHasUs(t *testing.T) {
	for _, p := range processes() {
		if p.pid == os.Getpid() {
			if p.parent != os.Getppid() || p.dead || p.start == 0 {
				t.Errorf("we are %+v, our parent is %d", p, os.Getppid())
			}
			return
		}
	}
	t.Errorf("the table lacks us, %d", os.Getpid())
}

// Members are found by parentage, by session, and by having been members
// before their parents ended; a stranger with a known pid is none.
func TestFamilyRefresh(t *testing.T) {
	f := family{leader: 10, session: true}
	read := func(table ...process) (pids []int) {
		// As if the table had just been read.
		everybody = snapshot{began: time.Now().Add(time.Hour), processes: table}
		for _, p := range f.refresh() {
			pids = append(pids, p.pid)
		}
		return pids
	}
	defer func() { everybody = snapshot{} }()

	got := read(
		process{pid: 14, parent: 13, session: 14, start: 4}, // before its parent in the table
		process{pid: 10, parent: 1, session: 10, start: 1},
		process{pid: 11, parent: 10, session: 10, start: 2},
		process{pid: 12, parent: 1, session: 10, start: 2}, // an orphan in the session
		process{pid: 13, parent: 11, session: 13, start: 3},
		process{pid: 15, parent: 1, session: 15, start: 3}, // nobody of ours
		process{pid: 16, parent: 11, session: 10, start: 3, dead: true},
	)
	if diff := cmp.Diff([]int{14, 10, 11, 12, 13}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	got = read(
		process{pid: 10, parent: 1, session: 10, start: 1, dead: true},
		process{pid: 13, parent: 1, session: 15, start: 9}, // another one by now
		process{pid: 14, parent: 1, session: 14, start: 4}, // orphaned
		process{pid: 17, parent: 14, session: 14, start: 9},
		process{pid: 18, parent: 13, session: 15, start: 9},
	)
	if diff := cmp.Diff([]int{14, 17}, got); diff != "" {
		t.Errorf("members later (-want +got):\n%s", diff)
	}
}

func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if len(processes()) == 0 {
			b.Fatal("no processes")
		}
	}
}
