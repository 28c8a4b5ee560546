package ops

import "testing"

// pipes are lists that can be read only once.
type pipes struct{ texts }

func (pipes) Regular(string) bool { return false }

// Where nothing can be ordered, and only there, a small look-ahead does.
func TestAlike(t *testing.T) {
	for _, tt := range []struct {
		name string
		list string
		urls []string
		want bool
	}{
		{"empty", "", nil, true},
		{"one origin", "http://h/a\nhttp://h:80/b x\nhttp://H/c\n{\"url\":\"http://h/d\"}\n", nil, true},
		{"another host", "http://h/a\nhttp://g/a\n", nil, false},
		{"another port", "http://h/a\nhttp://h:81/a\n", nil, false},
		{"another scheme", "http://h/a\nhttps://h/a\n", nil, false},
		{"another class", "http://h/a\n{\"url\":\"http://h/b\",\"priority\":\"high\"}\n", nil, false},
		{"one other class", "{\"url\":\"http://h/b\",\"priority\":\"high\"}\n{\"url\":\"http://h/b\",\"priority\":\"high\"}\n", nil, true},
		{"an argument", "http://h/a\n", []string{"http://g/"}, false},
		{"the last line", "http://h/a\nhttp://h/b\nhttp://h/c\nhttp://i/", nil, false},
		{"commands", "{\"exec\":[\"true\"]}\n{\"exec\":[\"false\"]}\n", nil, true},
		{"a command", "http://h/a\n{\"exec\":[\"true\"]}\n", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := BatchRequest{URLs: tt.urls, Files: []string{"f"}, AllowExec: true}
			for l, want := range map[Lists]bool{&texts{"f": tt.list}: tt.want, &pipes{texts{"f": tt.list}}: false} {
				in := newInput(l, &req)
				if _, err := in.check(); err != nil {
					t.Fatal(err)
				}
				if in.alike != want {
					t.Errorf("%T: alike is %v", l, in.alike)
				}
			}
		})
	}
}
