package ops

import (
	"time"

	"github.com/specify-cli/specify/internal/runtime/cache"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// cachedOutput is an Output whose body goes to the cache as well. It is kept
// there when the output is final, and not before: a body that fails its
// checksum is not to be met again.
type cachedOutput struct {
	files.Output
	use     *use // nil: nothing is kept
	replays bool // what is written comes from the cache
	begun   bool // the body; whether to keep it is decided
	draft   *cache.Draft
	entry   cache.Entry
}

var _ files.Output = (*cachedOutput)(nil)

// cachedAround makes out an Output that f can keep the body of.
func cachedAround(f Fetcher, out files.Output) files.Output {
	if _, caches := f.(*cachedFetcher); caches {
		return &cachedOutput{Output: out}
	}
	return out
}

// cachedUnder finds the cachedOutput in a Sink; nil is none.
func cachedUnder(sink any) *cachedOutput {
	if in, ok := sink.(*inlined); ok {
		sink = in.Output
	}
	out, _ := sink.(*cachedOutput)
	return out
}

// serve makes o keep what u fetches, from the start; nil keeps nothing. A nil o
// does nothing.
func (o *cachedOutput) serve(u *use) {
	if o != nil {
		o.giveUp(nil)
		o.use, o.begun, o.replays = u, false, false
	}
}

// Write passes p on and keeps what was written of it.
func (o *cachedOutput) Write(p []byte) (int, error) {
	n, err := o.Output.Write(p)
	o.begin()
	if o.draft != nil {
		if _, err := o.draft.Write(p[:n]); err != nil {
			o.giveUp(err)
		}
	}
	return n, err
}

// begin decides, at the first byte of an answer, whether its body is kept.
func (o *cachedOutput) begin() {
	if o.begun || o.replays || o.use == nil {
		return
	}
	o.begun = true
	u := o.use
	if u.answer.Status != 200 || u.answer.Credential {
		return
	}
	entry, ok := cache.New(u.answer.Field, u.sent, u.answer.Asked, time.Now())
	if !ok {
		return
	}
	draft, err := u.store.Create()
	if err != nil {
		u.warn(err)
		return
	}
	o.entry, o.draft = entry, draft
}

// Rewind drops what came after offset, here and in what is kept. What does not
// begin at 0 is not kept.
func (o *cachedOutput) Rewind(offset int64) error {
	if err := o.Output.Rewind(offset); err != nil {
		return err
	}
	switch {
	case offset == 0:
		o.giveUp(nil)
		o.begun = false
	case o.draft == nil:
		o.begun = true
	default:
		if err := o.draft.Rewind(offset); err != nil {
			o.giveUp(err)
		}
	}
	return nil
}

// Commit makes the output final, and then what is kept. A copy that fails as
// an output is not asked about again.
func (o *cachedOutput) Commit() (*task.Output, error) {
	done, err := o.Output.Commit()
	switch {
	case err != nil && o.replays:
		o.use.store.Forget(o.use.key)
	case err == nil:
		o.begin() // an empty body has not been written
	}
	if err != nil || o.draft == nil {
		o.giveUp(nil)
		return done, err
	}
	o.entry.URL, o.entry.Final = o.use.url, o.use.final
	o.use.warn(o.draft.Commit(o.use.key, o.entry))
	o.draft = nil
	return done, nil
}

// Abort ends both.
func (o *cachedOutput) Abort() {
	o.giveUp(nil)
	o.Output.Abort()
}

// giveUp keeps nothing of the body, for err if that is not nil.
func (o *cachedOutput) giveUp(err error) {
	if o.draft != nil {
		o.draft.Discard()
		o.draft = nil
	}
	if err != nil {
		o.use.warn(err)
	}
}
