package cache

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func opened(t *testing.T) (c *Cache, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "cache")
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, dir
}

func kept(t *testing.T, c *Cache, k Key, body string) Entry {
	t.Helper()
	d, err := c.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(d, body); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(k, Entry{URL: "http://h/", ETag: `"a"`, Vary: map[string]string{"x": "y"}, Stored: noon, FreshUntil: noon}); err != nil {
		t.Fatal(err)
	}
	e, found := c.Find(k)
	if !found {
		t.Fatal("not found")
	}
	return e
}

func body(t *testing.T, c *Cache, k Key, e Entry) string {
	t.Helper()
	r, err := c.Body(k, e)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKept(t *testing.T) {
	c, dir := opened(t)
	k := KeyOf("http://h/")
	for _, text := range []string{"one", "", "two"} {
		e := kept(t, c, k, text)
		if got := body(t, c, k, e); got != text || e.Size != int64(len(text)) || e.ETag != `"a"` || e.Vary["x"] != "y" {
			t.Errorf("%q: %q, %+v", text, got, e)
		}
	}
	// of a copy that was replaced nothing is left
	if left, _ := filepath.Glob(filepath.Join(dir, "v1", "*", "*")); len(left) != 2 {
		t.Errorf("%q", left)
	}
	c.Forget(k)
	if _, found := c.Find(k); found {
		t.Error("found what was forgotten")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "v1", "*", "*")); len(left) != 0 {
		t.Errorf("%q", left)
	}
	c.Forget(k)
}

func TestKeyOf(t *testing.T) {
	keys := map[Key][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"1:a"}} {
		k := KeyOf(parts...)
		if other, taken := keys[k]; taken {
			t.Errorf("%q and %q have one key", parts, other)
		}
		keys[k] = parts
	}
}

// A retry rewinds; the hash is of what is there in the end.
func TestRewind(t *testing.T) {
	c, _ := opened(t)
	d, err := c.Create()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		write  string
		rewind int64
	}{{"abcdef", 3}, {"xyz", 0}, {"hello world", 5}, {"!", 6}} {
		if _, err := io.WriteString(d, step.write); err != nil {
			t.Fatal(err)
		}
		if err := d.Rewind(step.rewind); err != nil {
			t.Fatal(err)
		}
	}
	if d.Rewind(7) == nil || d.Rewind(-1) == nil {
		t.Error("rewound to where nothing is")
	}
	k := KeyOf("k")
	if err := d.Commit(k, Entry{}); err != nil {
		t.Fatal(err)
	}
	e, _ := c.Find(k)
	if got := body(t, c, k, e); got != "hello!" {
		t.Errorf("%q", got)
	}
}

// Any change of any byte, and any cut, is found out.
func TestDamage(t *testing.T) {
	c, dir := opened(t)
	k := KeyOf("k")
	e := kept(t, c, k, "some body")
	for _, name := range []string{describes(k), bodyOf(k, e.SHA256)} {
		file := filepath.Join(dir, name)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, at int, data []byte) {
			t.Helper()
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			found, ok := c.Find(k)
			if !ok {
				return
			}
			if r, err := c.Body(k, found); err == nil {
				r.Close()
				t.Errorf("%s: %s at %d is trusted", filepath.Base(name), what, at)
			} else if !errors.Is(err, errDamaged) {
				t.Error(err)
			}
		}
		for at := range whole {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << (at % 8)
			check("a bit", at, flipped)
			check("a cut", at, whole[:at])
		}
		check("one more", len(whole), append(bytes.Clone(whole), 'x'))
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := c.Find(k); !ok {
		t.Error("whole, and not found")
	}
	// a description at another's place is not its
	other := KeyOf("other")
	if err := os.MkdirAll(filepath.Join(dir, shelf(other)), 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{describes(k): describes(other), bodyOf(k, e.SHA256): bodyOf(other, e.SHA256)} {
		if err := os.Link(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := c.Find(other); ok {
		t.Error("a foreign description is trusted")
	}
}

func TestSweep(t *testing.T) {
	c, dir := opened(t)
	old, err := c.Create()
	if err != nil {
		t.Fatal(err)
	}
	live, err := c.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer live.Discard()
	long := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, old.name), long, long); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	left, _ := filepath.Glob(filepath.Join(dir, beginning, "*"))
	if diff := cmp.Diff([]string{filepath.Join(dir, live.name)}, left); diff != "" {
		t.Error(diff)
	}
	old.Discard()
}

// FuzzDecode: nothing but what encode has written is taken for a description.
func FuzzDecode(f *testing.F) {
	k := KeyOf("k")
	e := Entry{URL: "u", Size: 3, SHA256: strings.Repeat("0a", 32), Stored: noon, FreshUntil: noon}
	text, err := e.encode(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decode(k, data)
		if err != nil {
			return
		}
		if got.Size < 0 || !isSum(got.SHA256) {
			t.Errorf("%+v", got)
		}
	})
}
