//go:build race

package bubble

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// one is held by the bubble that runs: the number of processors is the
// program's, not a bubble's.
var one sync.Mutex

// Test runs f in a bubble, as [synctest.Test] does, on one processor. Bubbles
// of parallel tests take turns.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	one.Lock()
	defer one.Unlock()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, f)
}
