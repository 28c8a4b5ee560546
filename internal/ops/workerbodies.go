package ops

import (
	"io"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// output begins the output of a task: in the worker's own folder where it has
// one, or where it stays for as long as it takes to put it on the queue.
func (s *workShare) output(t *task.Task, m *queue.Message) (opened, error) {
	hand := s.req.OutputDir == "" && m.WantsBody()
	in := &s.folder
	if hand {
		in = &s.spool
	}
	place, err := in.claim(s.stop, t)
	if err != nil {
		return opened{}, err
	}
	out, err := in.output(t, place, new(files.None))
	if err == nil && hand {
		out = s.handing(out, place, t, m)
	}
	return out, err
}

// handing makes out, where it keeps something, put the body on the queue when it
// is whole, while the task still holds its slot: a queue without room slows the
// worker down. What another mirror begins anew does the same.
func (s *workShare) handing(out opened, place *files.Place, t *task.Task, m *queue.Message) opened {
	if file, ok := out.Output.(*files.File); ok {
		file.HandOver(place.Name(), func(body io.ReadSeeker) error { return m.PutBody(s.wire, t.Seq, body) })
	}
	if again := out.again; again != nil {
		out.again = func() (opened, error) {
			next, err := again()
			if err != nil {
				return next, err
			}
			return s.handing(next, place, t, m), nil
		}
	}
	return out
}
