package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

const (
	// mostAnnotations is what GitHub keeps of a step's errors; further ones are
	// dropped there without a word.
	mostAnnotations = 10
	annotationText  = 1000 // bytes of a name or a message; a longer one is cut
)

// Annotations writes the failures as GitHub Actions workflow commands, one
// "::error" a line, ten at most; the last one counts what is left out. It
// writes nothing when every task ended well.
func Annotations(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	failed, unfinished := r.Totals.Failed, r.Totals.Unfinished
	shown := failed
	if shown > mostAnnotations || (shown == mostAnnotations && unfinished > 0) {
		shown = mostAnnotations - 1
	}
	shown = min(shown, len(r.Failures))
	for _, row := range r.Failures[:shown] {
		annotate(out, "specify: "+shorten(row.errorType(), annotationText),
			row.failure(shorten(row.Name(), annotationText), shorten(row.message(), annotationText)))
	}
	left := failed - shown
	switch {
	case left > 0 && unfinished > 0:
		annotate(out, "specify", fmt.Sprintf("%s and %s", plural(left, "more failure"), plural(unfinished, "unfinished task")))
	case left > 0:
		annotate(out, "specify", plural(left, "more failure"))
	case unfinished > 0:
		annotate(out, "specify", plural(unfinished, "unfinished task"))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write annotations: %w", err)
	}
	return nil
}

func annotate(w io.Writer, title, message string) {
	fmt.Fprintf(w, "::error title=%s::%s\n", commandProperty.Replace(inLog(title)), commandData.Replace(inLog(message)))
}

// The escapes of workflow commands (actions/toolkit, packages/core/src/command.ts).
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
