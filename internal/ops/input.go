package ops

import (
	"errors"
	"iter"
	"strings"

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
	alike     bool    // all tasks are of one lane and class, as far as that is known beforehand

	shard       Shard
	skipInvalid bool         // lines that cannot be used fail as tasks
	sum         *identitySum // of the list, when check could read all of it; nil where nobody asks
}

func newInput(l Lists, req *BatchRequest) *input {
	return &input{
		lists: l, urls: req.URLs, files: req.Files, settings: &req.Settings, allowExec: req.AllowExec,
		shard: req.Shard, skipInvalid: req.SkipInvalid,
	}
}

// check reads all regular lists, so that a bad line is found before the first
// request. It returns how many tasks of the shard they hold, or -1 when there is also a list
// that can be read only once.
func (in *input) check() (total int64, err error) {
	c := newChecker(in)
	for _, u := range in.urls {
		if err := c.url(u); err != nil {
			bad := &InputError{Err: err}
			if !strings.Contains(u, "://") {
				bad.Hint = "a list of URLs is named with --file"
			}
			return 0, bad
		}
	}
	once := false
	for _, name := range in.files {
		if !in.lists.Regular(name) {
			once = true
			continue
		}
		if err := c.list(name); err != nil {
			return 0, err
		}
	}
	if once {
		return -1, nil
	}
	c.census.done()
	in.census, in.alike = c.census, !c.mixed
	return c.tasks, nil
}

// tasks are the tasks of the shard in order, with their places in the whole
// input and their identities. It is for one reading.
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
	numbered := asynccore.Map(all, func(t *task.Task) (*task.Task, error) {
		t.Seq = seq
		seq++
		in.settings.apply(t)
		if t.ID == "" {
			t.ID = task.ContentID(t)
		}
		ours := in.shard.has(t.ID)
		t.ID = seen.distinct(t.ID)
		if !ours {
			return nil, nil
		}
		return t, nil
	})
	if in.shard.all() {
		return numbered
	}
	return numbered.Filter(func(t *task.Task) bool { return t != nil })
}

// list are the tasks of one list. Its errors are *InputError.
func (in *input) list(name string) asynccore.Stream[*task.Task] {
	check := CheckURL
	if in.lists.Regular(name) && !in.skipInvalid { // was checked; what changed since fails as a task
		check = func(string) error { return nil }
	}
	lines := asynccore.FromSeq2(in.lists.Open(name)).OnError(func(err error) error { return &InputError{Err: err} })
	tasks := asynccore.Map(lines, func(line lists.Line) (*task.Task, error) {
		t, err := in.parse(line, check)
		if err != nil {
			return in.refuse(line, err)
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
