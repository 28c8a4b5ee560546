package telemetry

import (
	"errors"
	"io"

	"github.com/specify-cli/specify/internal/splice"
)

// watch wraps a response's body so that its end ends a. The wrapper can do
// what the body can and no more: one that can be written to is a connection that
// has changed its protocol (101).
func watch(rc io.ReadCloser, a *attempt) io.ReadCloser {
	b := body{rc, a}
	switch rc := rc.(type) {
	case io.ReadWriteCloser:
		return struct {
			body
			io.Writer
		}{b, rc}
	case direct:
		return directBody{b, rc}
	}
	return b
}

type body struct {
	io.ReadCloser
	a *attempt
}

// Read ends the attempt with the body's end or error.
func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.a.end(err)
	}
	return n, err
}

// Close ends the attempt of a body that is not read to its end.
func (b body) Close() error {
	err := b.ReadCloser.Close()
	b.a.end(err)
	return err
}

// direct is a body whose bytes can go to a file past this process, and whose
// memory, with that of its answer, can be used again.
type direct interface {
	splice.Source
	Reuse()
}

type directBody struct {
	body
	direct
}

// Fill ends the attempt as Read does.
func (b directBody) Fill(p *splice.Pipe, max int64) (int64, error) {
	n, err := b.direct.Fill(p, max)
	if err != nil && err != errors.ErrUnsupported {
		b.a.end(err)
	}
	return n, err
}
