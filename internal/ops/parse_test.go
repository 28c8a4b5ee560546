package ops

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

func TestParseLine(t *testing.T) {
	two := 2
	for _, c := range []struct {
		name, line string
		want       *task.Task
		err        string
	}{
		{name: "blank", line: "  "},
		{name: "comment", line: "# https://h/"},
		{name: "a URL", line: "https://h/a?b=c", want: &task.Task{URLs: []string{"https://h/a?b=c"}}},
		{name: "a URL and an output", line: " https://h/a \t vendor/a b.tgz ", want: &task.Task{URLs: []string{"https://h/a"}, Output: "vendor/a b.tgz"}},
		{name: "a URL, a tab and an output", line: "https://h/a\tb c", want: &task.Task{URLs: []string{"https://h/a"}, Output: "b c"}},
		{
			name: "an object",
			line: `{"url":"https://h/","method":"PUT","headers":{"B":"2","A":"1"},"json":{"a" : 1},"priority":"critical","timeout":"1m30s","retry":2,"id":"x","meta":{"k": [1]}}`,
			want: &task.Task{
				ID: "x", URLs: []string{"https://h/"}, Method: "PUT", Body: []byte(`{"a":1}`), Priority: asynccore.PriorityCritical,
				Header:  []task.Field{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "Content-Type", Value: "application/json"}},
				Timeout: 90 * time.Second, Retry: &two, Meta: json.RawMessage(`{"k":[1]}`),
			},
		},
		{name: "mirrors", line: `{"urls":["http://a/","http://b/"]}`, want: &task.Task{URLs: []string{"http://a/", "http://b/"}}},
		{name: "a command", line: `{"exec":["make","docs"],"timeout":5}`, want: &task.Task{Exec: []string{"make", "docs"}, Timeout: 5 * time.Second}},
		{
			name: "expectations", line: `{"url":"http://h/","expect":{"status":"200,3xx","header":{"X":"^a"},"body":"ok","max_time":1.5}}`,
			want: &task.Task{URLs: []string{"http://h/"}, Expect: &task.Expect{Status: "200,3xx", Header: map[string]string{"X": "^a"}, Body: "ok", MaxTime: 1500 * time.Millisecond}},
		},
		{name: "no scheme", line: "example.com/x", err: "did you mean"},
		{name: "no scheme, but a port", line: "127.0.0.1:80/x", err: `no scheme; did you mean "https://127.0.0.1:80/x"?`},
		{name: "a port that is none", line: "http://h:port/x", err: "invalid port"},
		{name: "another scheme", line: "file:///etc/passwd", err: "not http or https"},
		{name: "no host", line: "http:///x", err: "no host"},
		{name: "an option is data", line: "--output=x", err: "no scheme"},
		{name: "unknown key", line: `{"url":"http://h/","ulr":1}`, err: `unknown key "ulr"`},
		{name: "wrong type", line: `{"url":1}`, err: `key "url"`},
		{name: "two kinds", line: `{"url":"http://h/","exec":["x"]}`, err: "only one"},
		{name: "two bodies", line: `{"url":"http://h/","body":"a","json":1}`, err: "only one"},
		{name: "nothing to do", line: `{"id":"x"}`, err: "is needed"},
		{name: "an empty command", line: `{"exec":[""]}`, err: "no command"},
		{name: "a bad method", line: `{"url":"http://h/","method":"GE T"}`, err: "method"},
		{name: "a bad priority", line: `{"url":"http://h/","priority":"urgent"}`, err: "priority"},
		{name: "a bad duration", line: `{"url":"http://h/","timeout":"soon"}`, err: "duration"},
		{name: "a bad checksum", line: `{"url":"http://h/","checksum":"sha256:00"}`, err: `key "checksum"`},
		{name: "a bad header name", line: `{"url":"http://h/","headers":{"a b":"c"}}`, err: `key "headers": "a b"`},
		{name: "a header that would be two", line: `{"url":"http://h/","headers":{"a":"b\r\nc: d"}}`, err: `key "headers": the value of "a"`},
		{name: "a bad pattern", line: `{"url":"http://h/","expect":{"body":"("}}`, err: "body"},
		{name: "two objects", line: `{"url":"http://h/"} {}`, err: "follows"},
		{name: "cut", line: `{"url":"http://h/"`, err: "bad JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseLine([]byte(c.line), CheckURL)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a line holds: no panic, and a task that comes out can be fetched or
// run, and shares no memory with the line.
func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{"https://h/a out", "# x", `{"urls":["http://a/","http://b/"]}`, `{"exec":["a"]}`, `{"url":"http://u:p@h/?sig=x","timeout":1e3}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := parseLine(line, CheckURL)
		if err != nil || got == nil {
			return
		}
		if (len(got.URLs) == 0) == (len(got.Exec) == 0) {
			t.Fatalf("neither a URL nor a command, or both: %+v", got)
		}
		before := task.ContentID(got)
		clear(line)
		if task.ContentID(got) != before {
			t.Fatal("the task shares memory with its line")
		}
		for _, u := range got.URLs {
			if err := CheckURL(u); err != nil {
				t.Fatalf("%q came through: %v", u, err)
			}
		}
	})
}

// The short way of taking a URL apart finds what the long one finds.
func FuzzPlainURL(f *testing.F) {
	for _, seed := range []string{
		"http://h/", "https://h:8443/x?y#z", "http://h:", "http://-", "http://h/%zz", "http://h?x", "https://h:99999/", "http:///x", "http://a..b/ c",
		"http://h/a|b", "http://h/!*'()", "http://h//x//", "http://h/?", "http://h/??a?=/%zz", "http://h", "http://h/-_.~$&+,:;=@",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := plainURL(raw)
		if !ok {
			return
		}
		want, err := url.Parse(raw)
		if err != nil {
			t.Fatalf("%q was taken for good: %v", raw, err)
		}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", raw, diff)
		}
	})
}

// The origin that is read off a URL's text is that of the URL taken apart.
func FuzzOrigins(f *testing.F) {
	for _, seed := range []string{"http://h/", "HTTPS://H:8443/x?y#z", "http://u:p@h", "http://[::1]:80/", "http://h:/", "https://h?x"} {
		f.Add(seed)
	}
	var o origins
	f.Fuzz(func(t *testing.T, raw string) {
		for _, raw := range []string{raw, raw, raw + "/x", raw + "x", raw + "@x"} { // which begin like the one before
			u, err := ParseURL(raw)
			if err != nil {
				continue
			}
			if got, want := o.of(raw), httpx.Origin(&u); got != want {
				t.Errorf("%q: %q, want %q", raw, got, want)
			}
		}
	})
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"90s": 90 * time.Second, "1m30s": 90 * time.Second, "30": 30 * time.Second, "0.5": 500 * time.Millisecond, "0": 0} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "soon", "10s30", "-1", "-1s", "1e300", "NaN", "Inf"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q: %v, want an error", s, got)
		}
	}
}

func BenchmarkCheckURL(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := CheckURL("https://assets.example.com/releases/v1.2.3/file-000123.tar.gz"); err != nil {
			b.Fatal(err)
		}
	}
}
