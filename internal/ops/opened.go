package ops

import (
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
)

// opened is an output as a task begins with it.
type opened struct {
	files.Output
	found *httpx.Found           // what it holds of an earlier transfer; nil is nothing
	again func() (opened, error) // begins it anew, for another mirror; nil where there is none
}

// resumed is an output that --continue goes on with.
func resumed(out files.Output, kept files.Kept) opened {
	o := opened{Output: out}
	if kept.Bytes > 0 {
		o.found = &httpx.Found{Bytes: kept.Bytes, Written: kept.Written}
	}
	return o
}

// next begins the output anew for the next mirror. What it holds is of no use
// to that one once any before has been heard of: it may be theirs.
func (o opened) next(heard bool) (opened, error) {
	n, err := o.again()
	if err != nil || !heard || n.found == nil {
		return n, err
	}
	n.found = nil
	if err := n.Rewind(0); err != nil {
		n.Abort()
		return n, err
	}
	return n, nil
}
