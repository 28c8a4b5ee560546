package task

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ContentID returns the identity of a task that has no id of its own: 32 hex
// digits of a SHA-256 over method, URLs, line headers, body, argv and output.
// It does not depend on the task's place in the list, so that a list may be
// reordered or edited between a run and its --resume. Every part goes in with
// its length: no two different tasks share an input to the hash. The value is a
// promise to result files that exist: it stays the same in every version.
func ContentID(t *Task) string {
	var digits [32]byte
	return string(AppendContentID(digits[:0], t))
}

// AppendContentID appends the ContentID of t to dst.
func AppendContentID(dst []byte, t *Task) []byte {
	var scratch [512]byte // enough for a plain URL line: no allocation but the result
	b := appendPart(scratch[:0], t.EffectiveMethod())
	b = appendList(b, t.URLs)
	b = binary.AppendUvarint(b, uint64(len(t.Header)))
	for _, f := range t.Header {
		b = appendPart(appendPart(b, f.Name), f.Value)
	}
	b = appendPart(b, t.Body)
	b = appendPart(b, t.BodyFile)
	b = appendList(b, t.Exec)
	b = appendPart(b, t.Output)
	sum := sha256.Sum256(b)
	return hex.AppendEncode(dst, sum[:16])
}

func appendPart[S ~string | ~[]byte](b []byte, s S) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendList(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendPart(b, s)
	}
	return b
}
