package ops

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// Whatever else a task says, nothing of it is lost while it waits: a field that
// pack does not know of fails here.
func TestPack(t *testing.T) {
	retries := 0
	full := task.Task{
		Seq: 7, ID: "id", Method: "DELETE", URLs: []string{"http://a/", "http://b/"}, Exec: []string{"true"},
		Header: []task.Field{{Name: "K", Value: "V"}}, Body: []byte("other"), BodyFile: "f", Output: "out", Checksum: "sha256:00",
		Priority: asynccore.PriorityHigh, Timeout: time.Second, Retry: &retries, Expect: &task.Expect{}, Meta: json.RawMessage("{}"),
		Invalid: &task.Error{Type: task.ErrInput},
	}
	s := &Settings{Method: "PUT", Body: []byte("body")}
	packed := 0
	for i := range reflect.TypeFor[task.Task]().NumField() {
		of := &task.Task{Seq: 1, ID: "1", URLs: []string{"http://a/"}}
		s.apply(of)
		field := reflect.ValueOf(&full).Elem().Field(i)
		if field.IsZero() {
			t.Fatalf("field %d of Task has no value here", i)
		}
		reflect.ValueOf(of).Elem().Field(i).Set(field)
		want := *of
		want.URLs = append([]string(nil), of.URLs...)
		p, ok := pack(of, s)
		if !ok {
			continue
		}
		packed++
		if diff := cmp.Diff(&want, p.unpack(s)); diff != "" {
			t.Errorf("field %s (-want +got)\n%s", reflect.TypeFor[task.Task]().Field(i).Name, diff)
		}
	}
	if packed != 3 { // Seq, ID, Output
		t.Errorf("%d fields may be there in a packed task", packed)
	}
}
