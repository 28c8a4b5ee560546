package ops

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/task"
)

// texts are lists by name.
type texts map[string]string

func (l texts) Open(name string) iter.Seq2[lists.Line, error] {
	return lists.Lines(strings.NewReader(l[name]), name)
}

func (l texts) Regular(string) bool { return true }

// read returns the tasks of a request's lists.
func read(t interface{ Fatal(...any) }, l texts, req BatchRequest) []*task.Task {
	in := newInput(l, &req)
	total, err := in.check()
	if err != nil {
		t.Fatal(err)
	}
	all, err := in.tasks().Collect()
	if err != nil {
		t.Fatal(err)
	}
	if int(total) != len(all) {
		t.Fatal(total, " tasks were announced, and ", len(all), " came")
	}
	return all
}

// line is a line of a random list: duplicates, ids that look like those of
// duplicates, lines that cannot be used.
func line(rt *rapid.T) string {
	return rapid.SampledFrom([]string{
		"http://h/%d", "http://h/%d out/%[1]d", `{"url":"http://h/x","id":"a%d"}`, `{"url":"http://h/x","id":"a%d#2"}`,
		`{"urls":["http://h/%d","http://m/"],"method":"PUT"}`, `{"url":"nowhere","id":"a%d"}`, `{"oops":%d}`, "bad %d", "http://h/%d \x00",
	}).Draw(rt, "form")
}

// Whatever a list holds, no two tasks have one identity; the first with an
// identity has it as it is, and a second reading gives the same.
func TestIdentitiesAreDistinct(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var list []string
		for range rapid.IntRange(0, 200).Draw(rt, "lines") {
			list = append(list, fmt.Sprintf(line(rt), rapid.IntRange(0, 3).Draw(rt, "number")))
		}
		l := texts{"f": strings.Join(list, "\n")}
		req := BatchRequest{Files: []string{"f"}, SkipInvalid: true}
		first := read(rt, l, req)
		seen := make(map[string]bool)
		for i, t := range first {
			if t.ID == "" || seen[t.ID] || t.Seq != int64(i) {
				rt.Fatalf("task %d has seq %d and identity %q", i, t.Seq, t.ID)
			}
			seen[t.ID] = true
			if own := ownID(t); own != "" && !seen[own] {
				rt.Fatalf("task %d is %q, and none before it is %q", i, t.ID, own)
			}
		}
		for i, t := range read(rt, l, req) {
			if t.ID != first[i].ID {
				rt.Fatalf("task %d is %q, and when it is read again %q", i, first[i].ID, t.ID)
			}
		}
	})
}

// ownID is the identity that a task of a URL has without others.
func ownID(t *task.Task) string {
	if t.Invalid != nil || len(t.ID) < 32 { // its line names one
		return ""
	}
	return task.ContentID(t)
}

// A line that cannot be used keeps its identity when the list is reordered, and
// when it is repaired under an id of its own.
func TestInvalidIdentity(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for _, text := range []string{
		"nowhere", "ftp://u:secret@h/", "{", `{"url":1}`, "caf\xe9", "a\x00b", long, `{"exec":["true"]}`, `{"url":"http://h/","oops":1}`, "a\x00b\x00",
	} {
		alone := read(t, texts{"f": text}, BatchRequest{Files: []string{"f"}, SkipInvalid: true})
		moved := read(t, texts{"g": "http://h/\n\n" + text + "\r\nhttp://h/2"}, BatchRequest{Files: []string{"g"}, SkipInvalid: true})
		if len(alone) != 1 || len(moved) != 3 {
			t.Errorf("%.20q: %d tasks alone, %d among others", text, len(alone), len(moved))
			continue
		}
		a, b := alone[0], moved[1]
		if a.Invalid == nil || b.Invalid == nil || a.Invalid.Type != task.ErrInput || !strings.HasPrefix(b.Invalid.Message, "g:3: ") {
			t.Errorf("%.20q: %v, %v", text, a.Invalid, b.Invalid)
			continue
		}
		if a.ID != b.ID {
			t.Errorf("%.20q: identity %s, and elsewhere %s", text, a.ID, b.ID)
		}
		if len(a.Invalid.Message) > 600 || strings.Contains(a.Invalid.Message, "secret") {
			t.Errorf("%.20q: %s", text, a.Invalid.Message)
		}
	}
	named := read(t, texts{"f": `{"url":"nowhere","id":"k","meta":{"a": 1}}`}, BatchRequest{Files: []string{"f"}, SkipInvalid: true})
	if named[0].ID != "k" || string(named[0].Meta) != `{"a":1}` || named[0].EffectiveMethod() != "" {
		t.Errorf("%+v", named[0])
	}
}
