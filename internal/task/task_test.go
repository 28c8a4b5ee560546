package task

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEffectiveMethod(t *testing.T) {
	urls := []string{"http://h/"}
	tests := []struct {
		name string
		task Task
		want string
	}{
		{"plain", Task{URLs: urls}, "GET"},
		{"body", Task{URLs: urls, Body: []byte("x")}, "POST"},
		{"empty body", Task{URLs: urls, Body: []byte{}}, "POST"},
		{"body file", Task{URLs: urls, BodyFile: "f"}, "POST"},
		{"given", Task{URLs: urls, Method: "PUT", Body: []byte("x")}, "PUT"},
		{"as given", Task{URLs: urls, Method: "get"}, "get"},
		{"command", Task{Exec: []string{"true"}}, ""},
		{"invalid line", Task{Invalid: &Error{Type: ErrInput}}, ""},
	}
	for _, tt := range tests {
		if got := tt.task.EffectiveMethod(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTaskURL(t *testing.T) {
	if got := (&Task{URLs: []string{"a", "b"}}).URL(); got != "a" {
		t.Errorf("URL() = %q, want the first", got)
	}
	if got := (&Task{Exec: []string{"true"}}).URL(); got != "" {
		t.Errorf("URL() = %q of a command", got)
	}
}

// A new record claims neither counts nor times that nobody has measured, and
// no secret of its task is in it.
func TestNewRecord(t *testing.T) {
	got := NewRecord(&Task{
		Seq: 7, ID: "i", URLs: []string{"https://u:p@h/?sig=s", "https://mirror/"}, Meta: json.RawMessage(`{"a":1}`),
		Header: []Field{{"Authorization", "Bearer s"}}, Body: []byte("b"), Timeout: time.Second,
	})
	want := Record{
		Seq: 7, ID: "i", Method: "POST", URL: "https://REDACTED:REDACTED@h/?sig=REDACTED", Meta: json.RawMessage(`{"a":1}`),
		Mirror: -1, Bytes: -1, Resumed: -1, ExitCode: -1,
		Timing: Timing{DNS: -1, Connect: -1, TLS: -1, FirstByte: -1, Transfer: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOutcomeGood(t *testing.T) {
	for o, want := range map[Outcome]bool{OK: true, NotModified: true, Failed: false, Unfinished: false, "": false} {
		if o.Good() != want {
			t.Errorf("%q.Good() = %v", o, !want)
		}
	}
}
