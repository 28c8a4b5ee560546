package commands

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
)

// writeOut writes what --write-out asks for, in curl's language: %{name},
// %header{name}, %%, and the escapes \n, \r and \t. %{stderr} and %{stdout} say
// where what follows goes, and behind %{onerror} nothing is written for a fetch
// that went well. A variable that is not known here is told of, as curl does,
// and everything else stands for itself.
type writeOut struct {
	stdout, stderr io.Writer
	terminal       bool // stdout is one, as stderr is taken to be
	value          func(name string) (string, bool)
	header         func(name string) string
	failed         bool
	unknown        func(name string)
}

// write writes format, and returns the first error of doing so.
func (o *writeOut) write(format string) error {
	to, inert := o.stdout, o.terminal
	var text strings.Builder
	put := func(value string) {
		if inert { // it may be the server's
			value = report.Visible(value)
		}
		text.WriteString(value)
	}
	flush := func() (err error) {
		_, err = io.WriteString(to, text.String())
		text.Reset()
		return err
	}
	for format != "" {
		var err error
		switch head, rest, kind := nextPart(format); kind {
		case literal:
			text.WriteString(head)
			format = rest
		case headerField:
			put(o.header(head))
			format = rest
		case variable:
			format = rest
			switch value, known := o.value(head); {
			case head == "stderr":
				err, to, inert = flush(), o.stderr, true
			case head == "stdout":
				err, to, inert = flush(), o.stdout, o.terminal
			case head == "onerror" && !o.failed:
				return flush()
			case known:
				put(value)
			case head != "onerror":
				o.unknown(head)
			}
		}
		if err != nil {
			return err
		}
	}
	return flush()
}

type partKind uint8

const (
	literal partKind = iota
	variable
	headerField
)

// nextPart takes the first part off a format that is not empty.
func nextPart(format string) (part, rest string, kind partKind) {
	for _, opening := range []struct {
		text string
		kind partKind
	}{{"%{", variable}, {"%header{", headerField}} {
		if inside, ok := strings.CutPrefix(format, opening.text); ok {
			if name, rest, closed := strings.Cut(inside, "}"); closed {
				return name, rest, opening.kind
			}
			return opening.text, inside, literal
		}
	}
	for _, escape := range [][2]string{{"%%", "%"}, {`\n`, "\n"}, {`\r`, "\r"}, {`\t`, "\t"}} {
		if rest, ok := strings.CutPrefix(format, escape[0]); ok {
			return escape[1], rest, literal
		}
	}
	end := strings.IndexAny(format, `%\`)
	if end < 0 {
		end = len(format)
	}
	if end == 0 { // no pair that means anything: it stands for itself
		end = min(2, len(format))
	}
	return format[:end], format[end:], literal
}

// writeOutFormat reads the argument of --write-out: the format, or @FILE or @-
// that holds it, whose line ends do not count.
func writeOutFormat(arg string, read func(string) ([]byte, error)) (string, error) {
	text, err := literalOrFile(arg, read)
	if err != nil {
		return "", fmt.Errorf("--write-out: %w", err)
	}
	if strings.HasPrefix(arg, "@") {
		return strings.NewReplacer("\r", "", "\n", "").Replace(string(text)), nil
	}
	return string(text), nil
}

// writeFetched writes what --write-out asks for about a fetch.
func writeFetched(format string, f *fetched, stdout, stderr io.Writer, terminal bool, t *teller) error {
	o := writeOut{
		stdout: stdout, stderr: stderr, terminal: terminal, value: f.variable, header: f.answer.Field, failed: f.rec.Error != nil,
		unknown: func(name string) { t.Warn("--write-out: unknown variable %q", name) },
	}
	err := o.write(format)
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return err // whoever read our output has had enough
	}
	return &ops.LocalError{Err: fmt.Errorf("--write-out: %w", err)}
}
