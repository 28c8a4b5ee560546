package telemetry

import "io"

// watch wraps a response's body so that its end ends a. The wrapper can do
// what the body can and no more: one that can be written to is a connection that
// has changed its protocol (101), and one whose memory may be used again is not
// kept here.
func watch(rc io.ReadCloser, a *attempt) io.ReadCloser {
	b := body{rc, a}
	switch rc := rc.(type) {
	case io.ReadWriteCloser:
		return struct {
			body
			io.Writer
		}{b, rc}
	case reusable:
		return struct {
			body
			reusable
		}{b, rc}
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

// reusable is a body that can give its memory, and that of its answer, to
// others.
type reusable interface{ Reuse() }
