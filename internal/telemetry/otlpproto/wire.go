package otlpproto

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"
)

// The wire types of protobuf (https://protobuf.dev/programming-guides/encoding).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// appendTag begins a field.
func appendTag(b []byte, field, wire uint64) []byte {
	return binary.AppendUvarint(b, field<<3|wire)
}

// begin opens a field that is a message, or packed numbers; end closes it.
func begin(b []byte, field uint64) (_ []byte, at int) {
	b = appendTag(b, field, wireBytes)
	return b, len(b)
}

// end puts the length before what was appended since begin.
func end(b []byte, at int) []byte {
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(b)-at))
	return slices.Insert(b, at, length[:n]...)
}

// The functions below append a field; as protobuf has it, one without the value
// stands for 0.

func appendUint(b []byte, field uint64, v uint64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(appendTag(b, field, wireVarint), v)
}

// appendInt appends 0, too.
func appendInt(b []byte, field uint64, v int64) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireVarint), uint64(v))
}

// appendSint appends a number that may well be negative (sint32).
func appendSint(b []byte, field uint64, v int32) []byte {
	return appendUint(b, field, uint64(uint32(v<<1)^uint32(v>>31)))
}

func appendFixed32(b []byte, field uint64, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendTag(b, field, wireFixed32), v)
}

// appendFixed64 and appendDouble append 0, too: some fields must be there.
func appendFixed64(b []byte, field uint64, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, field, wireFixed64), v)
}

func appendDouble(b []byte, field uint64, v float64) []byte {
	return appendFixed64(b, field, math.Float64bits(v))
}

func appendTime(b []byte, field uint64, t time.Time) []byte {
	return appendFixed64(b, field, unixNano(t))
}

func appendBytes(b []byte, field uint64, v []byte) []byte {
	b = appendTag(b, field, wireBytes)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func appendText(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, field, s)
}

// appendString appends "", too.
func appendString(b []byte, field uint64, s string) []byte {
	s = strings.ToValidUTF8(s, "\ufffd")
	b = appendTag(b, field, wireBytes)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// unixNano is how OTLP tells times; one before 1970 is 0.
func unixNano(t time.Time) uint64 { return uint64(max(0, t.UnixNano())) }
