package report

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
)

// columns writes arrays with an entry a row. Errors stay in out.
type columns struct {
	out  *bufio.Writer
	rows []*Row
}

// numbers writes a column of integers, unless all of them are absent.
func (c columns) numbers(name string, absent int64, value func(*Row) int64) {
	if !c.any(func(row *Row) bool { return value(row) != absent }) {
		return
	}
	var digits [20]byte
	c.column(name, func(row *Row) { _, _ = c.out.Write(strconv.AppendInt(digits[:0], value(row), 10)) })
}

// strings writes a column of strings, unless all of them are empty.
func (c columns) strings(name string, value func(*Row) string) {
	if !c.any(func(row *Row) bool { return value(row) != "" }) {
		return
	}
	c.column(name, func(row *Row) { writeString(c.out, value(row)) })
}

// words writes a column of strings that repeat as their list, in
// "words:NAME", and a column of indices in it.
func (c columns) words(name string, value func(*Row) string) {
	if !c.any(func(row *Row) bool { return value(row) != "" }) {
		return
	}
	index := make(map[string]int)
	fmt.Fprintf(c.out, `,"words:%s":[`, name)
	for _, row := range c.rows {
		word := value(row)
		if _, seen := index[word]; seen {
			continue
		}
		if len(index) > 0 {
			_ = c.out.WriteByte(',')
		}
		writeString(c.out, word)
		index[word] = len(index)
	}
	_ = c.out.WriteByte(']')
	c.numbers(name, -1, func(row *Row) int64 { return int64(index[value(row)]) })
}

func (c columns) any(says func(*Row) bool) bool {
	return slices.ContainsFunc(c.rows, says)
}

func (c columns) column(name string, write func(*Row)) {
	fmt.Fprintf(c.out, ",\n%q:[", name)
	for i, row := range c.rows {
		if i > 0 {
			_ = c.out.WriteByte(',')
		}
		write(row)
	}
	_ = c.out.WriteByte(']')
}

// writeString writes visible text as a JSON string that is safe within a
// script element. Visible text has no character but these that needs it.
func writeString(out *bufio.Writer, s string) {
	_ = out.WriteByte('"')
	done := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\', '<', '>', '&':
			_, _ = out.WriteString(s[done:i])
			fmt.Fprintf(out, `\u%04x`, c)
			done = i + 1
		}
	}
	_, _ = out.WriteString(s[done:])
	_ = out.WriteByte('"')
}
