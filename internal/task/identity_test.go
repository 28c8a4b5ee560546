package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// Results files of earlier versions name tasks by these values.
func TestContentIDStaysTheSame(t *testing.T) {
	retry := 3
	tests := []struct {
		task Task
		want string
	}{
		{Task{URLs: []string{"https://example.com/"}}, "1f0c6ea6d52ad48a0a30e0da0d696996"},
		{Task{
			Seq: 9, ID: "ignored", Method: "PUT", URLs: []string{"https://a/", "https://b/"}, Header: []Field{{"Accept", "text/plain"}},
			Body: []byte("body"), Output: "out", Retry: &retry, Checksum: "ignored",
		}, "cb030fb98e6b5987a62f477fba9e5113"},
		{Task{Exec: []string{"make", "docs"}, BodyFile: "f"}, "25c5b84c33551859b9d6ea87390fdd13"},
	}
	for _, tt := range tests {
		if got := ContentID(&tt.task); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.task, got, tt.want)
		}
	}
}

// tasks generates tasks that differ little: few and short parts, so that parts
// of one could pass for parts of another.
func tasks() *rapid.Generator[Task] {
	part := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00\x01\x02")), 0, 3, -1)
	list := rapid.SliceOfN(part, 0, 2)
	return rapid.Custom(func(t *rapid.T) Task {
		return Task{
			Seq: rapid.Int64().Draw(t, "seq"), ID: part.Draw(t, "id"),
			Method: part.Draw(t, "method"), URLs: list.Draw(t, "urls"),
			Header: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Field { return Field{part.Draw(t, "name"), part.Draw(t, "value")} }), 0, 2).Draw(t, "header"),
			Body:   []byte(part.Draw(t, "body")), BodyFile: part.Draw(t, "body_file"),
			Exec: list.Draw(t, "exec"), Output: part.Draw(t, "output"),
		}
	})
}

func TestContentIDTellsTasksApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tasks().Draw(t, "a"), tasks().Draw(t, "b")
		content := func(t Task) Task {
			return Task{
				Method: t.EffectiveMethod(), URLs: t.URLs, Header: t.Header, Body: t.Body, BodyFile: t.BodyFile, Exec: t.Exec, Output: t.Output,
			}
		}
		same := cmp.Equal(content(a), content(b), cmpopts.EquateEmpty())
		if got := ContentID(&a) == ContentID(&b); got != same {
			t.Fatalf("equal identities: %v, want %v", got, same)
		}
	})
}

// One part is moved to its neighbour, which a hash without lengths misses.
func TestContentIDBoundaries(t *testing.T) {
	all := []Task{
		{URLs: []string{"ab"}}, {URLs: []string{"a", "b"}}, {URLs: []string{"b", "a"}}, {URLs: []string{"ab", ""}}, {URLs: []string{"", "ab"}},
		{Exec: []string{"ab"}}, {Exec: []string{"a", "b"}}, {Output: "ab"}, {BodyFile: "ab"}, {Body: []byte("ab")}, {Method: "ab"},
		{Header: []Field{{"a", "b"}}}, {Header: []Field{{"ab", ""}}}, {Header: []Field{{"", "ab"}}}, {Header: []Field{{"a", ""}, {"b", ""}}},
		{URLs: []string{"a"}, Output: "b"}, {URLs: []string{"a"}, Method: "POST"}, {URLs: []string{"a"}, Body: []byte("b")}, {},
	}
	seen := map[string]int{}
	for i, task := range all {
		id := ContentID(&task)
		if len(id) != 32 {
			t.Errorf("id %q is not of 32 digits", id)
		}
		if other, ok := seen[id]; ok {
			t.Errorf("tasks %d and %d share the id %s", other, i, id)
		}
		seen[id] = i
	}
}

func TestContentIDIndependentOfPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task := tasks().Draw(t, "task")
		id := ContentID(&task)
		task.Seq, task.ID, task.Checksum = rapid.Int64().Draw(t, "other seq"), "other", "sha256:00"
		if ContentID(&task) != id {
			t.Fatal("the id depends on the place")
		}
	})
}

func TestContentIDAllocates(t *testing.T) {
	task := Task{URLs: []string{"https://example.com/some/where/file.tgz"}, Output: "vendor/file.tgz", Body: make([]byte, 100)}
	if n := testing.AllocsPerRun(1000, func() { ContentID(&task) }); n > 1 {
		t.Errorf("%v allocations, want one: the result", n)
	}
}
