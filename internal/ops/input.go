package ops

import (
	"bytes"
	"iter"

	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/task"
)

// Lists opens lists of tasks by name.
type Lists interface {
	// Open yields the lines of a list, "-" being standard input.
	Open(name string) iter.Seq2[lists.Line, error]
	// Regular reports whether the list is a regular file, which can be read twice.
	Regular(name string) bool
}

// input is the whole of a batch's input: URLs from arguments, then lists.
type input struct {
	lists    Lists
	urls     []string
	files    []string
	settings *Settings
}

// check reads all regular lists, so that a bad line is found before the first
// request. It returns how many tasks they hold, or -1 when there is also a list
// that can be read only once.
func (in *input) check() (total int64, err error) {
	for _, u := range in.urls {
		if err := CheckURL(u); err != nil {
			return 0, &InputError{Err: err}
		}
		total++
	}
	once := false
	for _, name := range in.files {
		if !in.lists.Regular(name) {
			once = true
			continue
		}
		n, err := in.checkList(name)
		if err != nil {
			return 0, err
		}
		total += n
	}
	if once {
		total = -1
	}
	return total, nil
}

// checkList reads a list to its end and counts its tasks. Lines that are plain
// URLs, nearly all, are checked without making a task of them.
func (in *input) checkList(name string) (n int64, err error) {
	for line, err := range in.lists.Open(name) {
		if err != nil {
			return 0, &InputError{Err: err}
		}
		err = line.Err
		text := bytes.TrimSpace(line.Text)
		switch {
		case err != nil:
		case len(text) == 0 || text[0] == '#':
			continue
		case text[0] == '{':
			_, err = ParseLine(text)
		default:
			if i := bytes.IndexAny(text, " \t"); i >= 0 {
				text = text[:i]
			}
			err = CheckURL(string(text))
		}
		if err != nil {
			return 0, &InputError{Place: line.Place.String(), Err: err}
		}
		n++
	}
	return n, nil
}

// tasks yields the tasks in order, with their places in the input and their
// identities. An error ends it.
func (in *input) tasks() iter.Seq2[*task.Task, error] {
	return func(yield func(*task.Task, error) bool) {
		var seq int64
		seen := newIdentities()
		pass := func(t *task.Task) bool {
			t.Seq = seq
			seq++
			in.settings.apply(t)
			if t.ID == "" {
				t.ID = task.ContentID(t)
			}
			t.ID = seen.distinct(t.ID)
			return yield(t, nil)
		}
		for _, u := range in.urls {
			if !pass(&task.Task{URLs: []string{u}}) {
				return
			}
		}
		for _, name := range in.files {
			check := CheckURL
			if in.lists.Regular(name) { // was checked; what changed since fails as a task
				check = func(string) error { return nil }
			}
			for t, err := range in.list(name, check) {
				if err != nil {
					yield(nil, err)
					return
				}
				if !pass(t) {
					return
				}
			}
		}
	}
}

// list yields the tasks of one list, with their URLs checked. Its errors are
// *InputError.
func (in *input) list(name string, checkURL func(string) error) iter.Seq2[*task.Task, error] {
	return func(yield func(*task.Task, error) bool) {
		for line, err := range in.lists.Open(name) {
			if err != nil {
				yield(nil, &InputError{Err: err})
				return
			}
			t, err := parse(line, checkURL)
			if err != nil {
				yield(nil, &InputError{Place: line.Place.String(), Err: err})
				return
			}
			if t != nil && !yield(t, nil) {
				return
			}
		}
	}
}

func parse(line lists.Line, checkURL func(string) error) (*task.Task, error) {
	if line.Err != nil {
		return nil, line.Err
	}
	return parseLine(line.Text, checkURL)
}
