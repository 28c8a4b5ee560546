package journal

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever entries a file has, the newest of an id decides.
func TestIndexModel(t *testing.T) {
	outcomes := rapid.SampledFrom([]string{"ok", "not_modified", "failed", "unfinished"})
	ids := rapid.SampledFrom([]string{"", "a", "a#1", "b", strings.Repeat("long", 100)})
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		newest := map[string]Entry{}
		done := 0
		for range rapid.IntRange(0, 30).Draw(t, "entries") {
			e := Entry{ID: ids.Draw(t, "id"), Outcome: outcomes.Draw(t, "outcome"), OutputBytes: rapid.Int64Min(-1).Draw(t, "bytes")}
			x.Add(e)
			newest[e.ID] = e
		}
		for id, e := range newest {
			want := e.Outcome == "ok" || e.Outcome == "not_modified"
			size, ok := x.Done(id)
			if ok != want || ok && size != e.OutputBytes {
				t.Fatalf("Done(%q) = %d, %v; newest entry %+v", id, size, ok, e)
			}
			if want {
				done++
			}
		}
		if x.Len() != done {
			t.Fatalf("Len = %d, want %d", x.Len(), done)
		}
		if _, ok := x.Done("never added"); ok {
			t.Fatal("Done of an unknown id")
		}
	})
}

// A task costs at most 100 bytes, 57 where the map has just grown;
// BenchmarkResume shows the sum for a million.
func TestIndexMemory(t *testing.T) {
	tasks := 250_000
	if testing.Short() {
		tasks /= 5
	}
	before := heapInUse()
	var x Index
	for i := range tasks {
		x.Add(Entry{ID: fmt.Sprintf("%064x", i), Outcome: "ok", OutputBytes: int64(i)})
	}
	if got := (heapInUse() - before) / uint64(tasks); got > 100 {
		t.Errorf("%d bytes a task, want at most 100", got)
	}
	if size, ok := x.Done(fmt.Sprintf("%064x", tasks-1)); x.Len() != tasks || !ok || size != int64(tasks-1) {
		t.Errorf("Len = %d, Done of the last = %d, %v", x.Len(), size, ok)
	}
	runtime.KeepAlive(&x)
}

// heapInUse is what the live objects take, in bytes.
func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
