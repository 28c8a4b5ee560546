package otlpproto

import (
	"encoding/binary"
	"errors"
)

// ErrAnswer says that an answer is not a message of protobuf.
var ErrAnswer = errors.New("the answer is not protobuf")

// Rejected reads out of an Export*ServiceResponse how many spans, or points, were
// not taken, and why: its partial success. It is 0 and "" where all were. What
// the collector says is not checked: the number may be nonsense, the reason any
// bytes.
func Rejected(answer []byte) (n int64, reason string, err error) {
	err = fields(answer, func(field, _ uint64, partial []byte) error {
		if field != 1 || partial == nil {
			return nil
		}
		return fields(partial, func(field, v uint64, text []byte) error {
			switch {
			case field == 1 && text == nil:
				n = int64(v)
			case field == 2 && text != nil:
				reason = string(text)
			}
			return nil
		})
	})
	if err != nil {
		return 0, "", err
	}
	return n, reason, nil
}

// fields calls each with the number of every field of message and its value: v
// of a varint, data (never nil) of what has a length. Others are passed over.
func fields(message []byte, each func(field, v uint64, data []byte) error) error {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 || tag>>3 == 0 {
			return ErrAnswer
		}
		message = message[n:]
		var v uint64
		var data []byte
		size := 0
		switch tag & 7 {
		case wireVarint:
			v, size = binary.Uvarint(message)
			if size <= 0 {
				return ErrAnswer
			}
		case wireFixed64:
			size = 8
		case wireFixed32:
			size = 4
		case wireBytes:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return ErrAnswer
			}
			size = n + int(length)
			data = message[n:size:size]
		default: // groups, which OTLP has none of
			return ErrAnswer
		}
		if size > len(message) {
			return ErrAnswer
		}
		message = message[size:]
		if tag&7 == wireFixed64 || tag&7 == wireFixed32 {
			continue
		}
		if err := each(tag>>3, v, data); err != nil {
			return err
		}
	}
	return nil
}
