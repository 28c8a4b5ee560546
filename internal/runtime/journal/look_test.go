package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Looking at results tells what a resumed run would find, and changes nothing,
// the torn last line included, also while another run writes to them.
func TestLook(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.ndjson")
	ids := func() (got []string, err error) {
		err = Look(name, func(e Entry) error {
			got = append(got, e.ID)
			return nil
		})
		return got, err
	}
	if got, err := ids(); got != nil || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
	text := []byte(`{"v":1,"id":"a","outcome":"ok"}` + "\n" + `{"v":1,"id":"b","outcome":"failed"}` + "\n" + `{"v":1,"id":"c","out`)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ids()
	if len(got) != 2 || got[1] != "b" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, text) {
		t.Errorf("the file has become %q, %v", after, err)
	}
	j, err := Open(name, Options{Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got, err := ids(); len(got) != 2 || err != nil {
		t.Errorf("while another run has it: %v, %v", got, err)
	}
	if err := os.WriteFile(name, []byte("https://h/\nhttps://h/2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ids(); err == nil {
		t.Error("a list was taken for results")
	}
}
