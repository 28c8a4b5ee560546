package ops

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/task"
)

// However tasks end, their records come out in the order of the input, as soon
// as the first of them has ended, and never more are in it than there is room.
func TestInOrderModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		room := rapid.IntRange(1, 6).Draw(rt, "room")
		o := newInOrder(room)
		var running, held, want, got []int64 // seqs; held have ended, want and got are out
		seq := int64(0)
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("-want +got:\n%s", diff)
				}
				if o.full() != (len(running)+len(held) == room) {
					rt.Fatalf("full: %v with %d of %d", o.full(), len(running)+len(held), room)
				}
			},
			"admit": func(rt *rapid.T) {
				if o.full() {
					rt.Skip("full")
				}
				seq += rapid.Int64Range(1, 3).Draw(rt, "step") // another shard's, or done before
				o.expect(seq)
				running = append(running, seq)
			},
			"end": func(rt *rapid.T) {
				if len(running) == 0 {
					rt.Skip("nothing runs")
				}
				i := rapid.IntRange(0, len(running)-1).Draw(rt, "which")
				ended := running[i]
				running = append(running[:i:i], running[i+1:]...)
				held = append(held, ended)
				o.put(&task.Record{Seq: ended})
				for rec := o.next(); rec != nil; rec = o.next() {
					got = append(got, rec.Seq)
				}
				for { // out goes whatever has ended before all that run
					out := -1
					for i, s := range held {
						if (len(running) == 0 || s < running[0]) && (out < 0 || s < held[out]) {
							out = i
						}
					}
					if out < 0 {
						break
					}
					want = append(want, held[out])
					held = append(held[:out:out], held[out+1:]...)
				}
			},
		})
	})
}
