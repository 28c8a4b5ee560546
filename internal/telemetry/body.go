package telemetry

import "io"

// watch wraps a response's body so that its end ends a. The wrapper can do
// what the body can and no more: a WriteTo that the body does not have would
// take io.CopyBuffer's buffer away, and a body that can be written to is a
// connection that has changed its protocol (101).
func watch(rc io.ReadCloser, a *attempt) io.ReadCloser {
	b := body{rc, a}
	switch rc := rc.(type) {
	case io.ReadWriteCloser:
		return struct {
			body
			io.Writer
		}{b, rc}
	case io.WriterTo:
		return copyingBody{b, rc}
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

// copyingBody is a body that copies itself.
type copyingBody struct {
	body
	to io.WriterTo
}

// WriteTo ends the attempt when all is written or the copy failed, whichever
// side it failed on.
func (b copyingBody) WriteTo(w io.Writer) (int64, error) {
	n, err := b.to.WriteTo(w)
	b.a.end(err)
	return n, err
}
