package ops

import (
	"errors"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// bug returns the panic that a task ended with; nil for every other end.
func bug(rec *task.Record) *asynccore.PanicError {
	if rec.Error == nil {
		return nil
	}
	p, _ := errors.AsType[*asynccore.PanicError](rec.Error.Err)
	return p
}

// bugError is what the record of such a task says. Its type is the one of the
// closed list that blames neither a target nor the disk: we broke the task off.
// What was passed to panic may hold a secret and is left to standard error.
func bugError(p *asynccore.PanicError) *task.Error {
	return &task.Error{Type: task.ErrCanceled, Message: "a bug in specify ended this task: it panicked (the stack is on standard error)", Err: p}
}
