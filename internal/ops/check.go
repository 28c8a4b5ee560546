package ops

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/task"
)

// checker reads input before the run, to find what is wrong with it, which
// identities come more than once, and whether all tasks are alike in line. Lines
// that are plain URLs, nearly all, are checked without making a task of each.
type checker struct {
	in     *input
	census *census
	tasks  int64 // of the shard

	origins  origins
	lane     string // of the first task
	priority asynccore.Priority
	mixed    bool // others stand in another lane, or are of another class

	plain task.Task // for all plain lines in turn
	id    []byte
}

func newChecker(in *input) *checker {
	return &checker{in: in, census: newCensus(), plain: task.Task{URLs: make([]string, 1)}}
}

// list reads a list to its end.
func (c *checker) list(name string) error {
	for line, err := range c.in.lists.Open(name) {
		if err != nil {
			return &InputError{Err: err}
		}
		err = line.Err
		text := bytes.TrimSpace(line.Text)
		switch {
		case err != nil:
		case len(text) == 0 || text[0] == '#':
			continue
		case text[0] == '{':
			err = c.object(text)
		default:
			// Copies of the lines would be all the garbage of this reading, and the peak
			// of the whole run's memory. A view is good until the next line.
			raw, output := splitLine(unsafe.String(unsafe.SliceData(text), len(text)))
			c.plain.Output = output
			err = c.url(raw)
		}
		if err != nil {
			t, err := c.in.refuse(line, err)
			if err != nil {
				return err
			}
			c.count(t)
		}
	}
	return nil
}

// url counts a task without anything but a URL, and perhaps an output. Nothing
// of raw is kept.
func (c *checker) url(raw string) error {
	if CheckURL(raw) != nil {
		return CheckURL(strings.Clone(raw)) // errors hold parts of it
	}
	c.plain.URLs[0] = raw
	c.count(&c.plain)
	return nil
}

func (c *checker) object(text []byte) error {
	t, err := c.in.parse(lists.Line{Text: text}, CheckURL)
	if err == nil {
		c.count(t)
	}
	return err
}

// count notes the identity that t is going to have.
func (c *checker) count(t *task.Task) {
	c.in.settings.apply(t)
	if c.id = append(c.id[:0], t.ID...); t.ID == "" {
		c.id = task.AppendContentID(c.id, t)
	}
	if c.in.shard.all() || c.in.shard.has(string(c.id)) {
		c.tasks++
		c.in.sum.add(c.id)
		c.compare(t)
	}
	c.census.count(c.id)
}

// compare finds out whether t, which has been counted, is like the first.
func (c *checker) compare(t *task.Task) {
	if c.mixed {
		return
	}
	lane := c.origins.lane(t)
	if c.tasks == 1 {
		c.lane, c.priority = lane, t.Priority
	}
	c.mixed = lane != c.lane || t.Priority != c.priority
}
