package task

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
)

func TestMessage(t *testing.T) {
	two := 2
	for _, want := range []*Task{
		{ID: "plain", URLs: []string{"https://h/x?a=1&b=<2>"}},
		{Seq: 7, ID: "empty body", Method: "POST", URLs: []string{"http://h/"}, Body: []byte{}},
		{Seq: 1 << 40, ID: "command#2", Exec: []string{"make", "", "x y"}},
		{
			Seq: 9, ID: "all", Method: "PUT", URLs: []string{"http://a/", "http://b/"}, Header: []Field{{"B", "1"}, {"A", "2"}, {"B", "3"}},
			Body: []byte("\x00\xff"), Output: "a/b", Checksum: "sha256:00", Priority: asynccore.PriorityCritical, Timeout: time.Second, Retry: &two,
			Expect: &Expect{Status: "2xx", Header: map[string]string{"K": "v"}, Body: "b", MaxTime: time.Minute}, Meta: json.RawMessage(`{"a":[1]}`),
		},
	} {
		data, err := want.Message()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseMessage(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	}
}

func TestMessageRefused(t *testing.T) {
	newer, ok := errors.AsType[*NewerError](second(ParseMessage([]byte(`{"v":2,"seq":{"now":"an object"}}`))))
	if !ok || newer.Version != 2 {
		t.Errorf("a newer message: %v", newer)
	}
	for _, data := range []string{"", "{}", "[]", `{"v":1}`, `{"v":1,"id":"x","seq":-1,"urls":["u"]}`, `{"v":1,"id":"x","urls":["u"],"exec":["c"]}`, `{"v":1,"id":"x","urls":3}`} {
		if got, err := ParseMessage([]byte(data)); err == nil {
			t.Errorf("%s was taken as %+v", data, got)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Whatever a message says, what is read of it is encoded as what reads the same.
func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(`{"v":1,"seq":3,"id":"x","urls":["http://h/"],"header":[["a","b"]],"body":"","priority":"high","meta":{"a":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseMessage(data)
		if err != nil {
			return
		}
		again, err := first.Message()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseMessage(again)
		if err != nil {
			t.Fatalf("%s, made of %s: %v", again, data, err)
		}
		if a, b := must(first.Message()), must(got.Message()); string(a) != string(b) {
			t.Fatalf("%s became %s", a, b)
		}
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
