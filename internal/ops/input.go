package ops

import (
	"errors"
	"iter"

	"github.com/specify-cli/specify/internal/asynccore"
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
	lists     Lists
	urls      []string
	files     []string
	settings  *Settings
	allowExec bool    // lines may be commands
	census    *census // of the identities, when all lists could be read beforehand; else nil
}

// check reads all regular lists, so that a bad line is found before the first
// request. It returns how many tasks they hold, or -1 when there is also a list
// that can be read only once.
func (in *input) check() (total int64, err error) {
	c := newChecker(in)
	for _, u := range in.urls {
		if err := c.url(u); err != nil {
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
		n, err := c.list(name)
		if err != nil {
			return 0, err
		}
		total += n
	}
	if once {
		return -1, nil
	}
	c.census.done()
	in.census = c.census
	return total, nil
}

// tasks are the tasks in order, with their places in the input and their
// identities. It is for one reading.
func (in *input) tasks() asynccore.Stream[*task.Task] {
	sources := []asynccore.Stream[*task.Task]{asynccore.Map(asynccore.FromSlice(in.urls), func(u string) (*task.Task, error) {
		return &task.Task{URLs: []string{u}}, nil
	})}
	for _, name := range in.files {
		sources = append(sources, in.list(name))
	}
	all := asynccore.FlatMap(asynccore.FromSlice(sources), func(s asynccore.Stream[*task.Task]) asynccore.Stream[*task.Task] { return s })
	var seq int64
	seen := newIdentities(in.census)
	return asynccore.Map(all, func(t *task.Task) (*task.Task, error) {
		t.Seq = seq
		seq++
		in.settings.apply(t)
		if t.ID == "" {
			t.ID = task.ContentID(t)
		}
		t.ID = seen.distinct(t.ID)
		return t, nil
	})
}

// list are the tasks of one list. Its errors are *InputError.
func (in *input) list(name string) asynccore.Stream[*task.Task] {
	check := CheckURL
	if in.lists.Regular(name) { // was checked; what changed since fails as a task
		check = func(string) error { return nil }
	}
	lines := asynccore.FromSeq2(in.lists.Open(name)).OnError(func(err error) error { return &InputError{Err: err} })
	tasks := asynccore.Map(lines, func(line lists.Line) (*task.Task, error) {
		t, err := in.parse(line, check)
		if err != nil {
			return nil, &InputError{Place: line.Place.String(), Err: err}
		}
		return t, nil
	})
	return tasks.Filter(func(t *task.Task) bool { return t != nil })
}

func (in *input) parse(line lists.Line, checkURL func(string) error) (*task.Task, error) {
	if line.Err != nil {
		return nil, line.Err
	}
	t, err := parseLine(line.Text, checkURL)
	if err == nil && t != nil && t.Exec != nil && !in.allowExec {
		return nil, errNoExec
	}
	return t, err
}

// errNoExec keeps a list from elsewhere from running anything.
var errNoExec = errors.New(`key "exec": commands are run only with --allow-exec`)
