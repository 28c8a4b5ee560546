package ops

import (
	"fmt"
	"io"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// keeps reports whether anybody wants to have the command's output.
func (c *command) keeps() bool {
	_, nowhere := c.out.(*files.None)
	return !c.foreground && (!nowhere || c.task.Checksum != "")
}

// stdout is nil for an output that nobody keeps: then the command writes to the
// null device, which costs no pipe.
func (c *command) stdout() io.Writer {
	if !c.keeps() {
		return nil
	}
	return &capped{to: c.out, limit: c.maxOutput}
}

// capped passes on at most limit bytes; 0 is no limit.
type capped struct {
	to       io.Writer
	n, limit int64
}

func (w *capped) Write(p []byte) (int, error) {
	if w.limit > 0 && w.n+int64(len(p)) > w.limit {
		return 0, &task.Error{Type: task.ErrTooLarge, Message: fmt.Sprintf("its output is longer than --max-filesize (%d bytes)", w.limit)}
	}
	n, err := w.to.Write(p)
	w.n += int64(n)
	return n, err
}
