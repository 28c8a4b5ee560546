//go:build !race

package bubble

import (
	"testing"
	"testing/synctest"
)

// Test runs f in a bubble, as [synctest.Test] does.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
