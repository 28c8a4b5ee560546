package ops

import (
	"sync"
	"unsafe"

	"github.com/specify-cli/specify/internal/task"
)

// plain is what there is to say of a task whose line is a URL, and perhaps the
// name of its output. Nearly all tasks are like that, and ten thousand wait at a
// time: so they wait as this, and a Task, three times as large, is made of it
// only when it is carried out.
type plain struct {
	url, output, id string
	seq             int64
}

// pack returns what waits in place of t, to which s was applied, and keeps t for
// reuse. ok is false for a task that says more.
func pack(t *task.Task, s *Settings) (p plain, ok bool) {
	if len(t.URLs) != 1 || t.Method != s.Method || unsafe.SliceData(t.Body) != unsafe.SliceData(s.Body) || t.Exec != nil || t.Header != nil || t.BodyFile != "" || t.Checksum != "" || t.Priority != 0 ||
		t.Timeout != 0 || t.Retry != nil || t.Expect != nil || t.Meta != nil || t.Invalid != nil {
		return plain{}, false
	}
	p = plain{t.URLs[0], t.Output, t.ID, t.Seq}
	tasks.Put(t)
	return p, true
}

// unpack makes the task again, with the method and the body that s gives to all
// plain tasks.
func (p *plain) unpack(s *Settings) *task.Task {
	t := newPlain(p.url, p.output)
	t.ID, t.Seq = p.id, p.seq
	s.apply(t)
	return t
}

// tasks are for reuse by newPlain. Whoever puts one back is its last user.
var tasks = sync.Pool{New: func() any { return new(task.Task) }}

// newPlain returns the task of a plain line, without its place and identity.
func newPlain(url, output string) *task.Task {
	t := tasks.Get().(*task.Task)
	*t = task.Task{URLs: append(t.URLs[:0], url), Output: output}
	return t
}
