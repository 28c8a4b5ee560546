package stack

import (
	"runtime/metrics"
	"sync"
	"testing"
)

// Each function makes a stack of the size that it is named for.
func TestSizes(t *testing.T) {
	const goroutines = 1000
	for _, test := range []struct {
		name string
		grow func()
		want float64 // KiB
	}{
		{"To8K", To8K, 8}, {"To16K", To16K, 16}, {"to32K", func() { to32K(false) }, 32},
	} {
		before := stacks()
		var there sync.WaitGroup
		end := make(chan struct{})
		var over sync.WaitGroup
		for range goroutines {
			there.Add(1)
			over.Go(func() {
				test.grow()
				there.Done()
				<-end
			})
		}
		there.Wait()
		got := float64(stacks()-before) / goroutines / 1024
		close(end)
		over.Wait()
		if got < test.want*0.8 || got > test.want*1.3 {
			t.Errorf("%s: %.1f KiB a goroutine, want %v", test.name, got, test.want)
		}
	}
}

// stacks is the memory of all stacks, in bytes.
func stacks() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
