package ops

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/task"
)

func TestParseShard(t *testing.T) {
	for s, want := range map[string]Shard{"1/1": {1, 1}, "2/8": {2, 8}, "8/8": {8, 8}} {
		got, err := ParseShard(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "1", "0/2", "3/2", "-1/2", "1/0", "a/b", "1/2/3", "1/ 2", "/", "1/99999999999999999999"} {
		if got, err := ParseShard(s); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// Which tasks a shard has is a promise to machines with other versions.
func TestShardStaysTheSame(t *testing.T) {
	var got []int
	for i := range 12 {
		for n := 1; n <= 4; n++ {
			if (Shard{n, 4}).has(fmt.Sprint("task ", i)) {
				got = append(got, n)
			}
		}
	}
	if diff := cmp.Diff([]int{4, 3, 1, 1, 3, 2, 3, 3, 1, 2, 4, 1}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The shards of a list are its parts: nothing twice, nothing left out, each
// task with the seq and the identity that it has in the whole, and a line is in
// the same shard wherever it stands.
func TestShardsAreTheWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var list []string
		for range rapid.IntRange(0, 60).Draw(rt, "lines") {
			list = append(list, strings.Replace(fmt.Sprintf(line(rt), rapid.IntRange(0, 5).Draw(rt, "number")), "%!(EXTRA", "#", 1))
		}
		n := rapid.IntRange(1, 5).Draw(rt, "shards")
		part := func(list []string, i int) []*task.Task {
			shard := Shard{i, n}
			if i == 0 {
				shard = Shard{}
			}
			cut := len(list) / 2
			l := texts{"a": strings.Join(list[:cut], "\n"), "b": strings.Join(list[cut:], "\n")}
			return read(rt, l, BatchRequest{URLs: []string{"http://arg/"}, Files: []string{"a", "b"}, SkipInvalid: true, Shard: shard})
		}
		whole := part(list, 0)
		if len(whole) != len(list)+1 {
			rt.Fatalf("%d tasks of %d lines", len(whole), len(list)+1)
		}
		var parts []*task.Task
		for i := 1; i <= n; i++ {
			parts = append(parts, part(list, i)...)
		}
		slices.SortFunc(parts, func(a, b *task.Task) int { return int(a.Seq - b.Seq) })
		if diff := cmp.Diff(keys(whole), keys(parts)); diff != "" {
			rt.Fatalf("the whole and the shards (-whole +shards):\n%s", diff)
		}

		shuffled := slices.Clone(list)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)).Shuffle(len(list), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		for i := 1; i <= n; i++ {
			if diff := cmp.Diff(sorted(part(list, i)), sorted(part(shuffled, i))); diff != "" {
				rt.Fatalf("shard %d of the list and of the list in another order (-list +shuffled):\n%s", i, diff)
			}
		}
	})
}

// keys are the places and the identities of tasks.
func keys(all []*task.Task) []string {
	var got []string
	for _, t := range all {
		got = append(got, fmt.Sprint(t.Seq, " ", t.ID))
	}
	return got
}

// sorted are the lines that tasks are made of, without their places.
func sorted(all []*task.Task) []string {
	var got []string
	for _, t := range all {
		text := task.ContentID(t)
		if t.Invalid != nil {
			_, text, _ = strings.Cut(t.Invalid.Message, ": ")
		}
		got = append(got, text)
	}
	slices.Sort(got)
	return got
}

// Parts of a list are about equally long.
func TestShardsAreEven(t *testing.T) {
	const tasks, n = 100_000, 7
	for i := 1; i <= n; i++ {
		have := 0
		for k := range tasks {
			if (Shard{i, n}).has(fmt.Sprint(k)) {
				have++
			}
		}
		if have < tasks/n*97/100 || have > tasks/n*103/100 {
			t.Errorf("shard %d/%d has %d of %d tasks", i, n, have, tasks)
		}
	}
}
