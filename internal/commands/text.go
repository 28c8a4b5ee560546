package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

// recordText appends a record as a line for a person.
func recordText(b []byte, rec *task.Record) []byte {
	status := "-"
	if rec.Status != 0 {
		status = fmt.Sprint(rec.Status)
	}
	line := fmt.Sprintf("%-12s %3s %8s %7s  %s", rec.Outcome, status, size(max(0, rec.Bytes)), seconds(rec.Duration), subject(rec))
	if rec.Error != nil {
		line += "  " + rec.Error.Message
	}
	return append(b, oneLine(line)...)
}

// oneLine is text fit for a line of its own on a terminal and in the log of a
// CI system. Errors that were joined are lines of their own until here.
func oneLine(text string) string { return report.InLog(strings.ReplaceAll(text, "\n", " ")) }

// subject is what a record is about.
func subject(rec *task.Record) string {
	if rec.URL != "" {
		return rec.URL
	}
	return rec.ID
}

func outcomes(t *ops.Tally) string {
	text := fmt.Sprintf("%d ok", t.OK)
	if t.NotModified > 0 {
		text += fmt.Sprintf(", %d not modified", t.NotModified)
	}
	return text + fmt.Sprintf(", %d failed, %d unfinished", t.Failed, t.Unfinished)
}

// seconds prints a duration with the precision that a person reads.
func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// size prints bytes in powers of 1000, as disks and networks are measured.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.95 && unit < len(units)-1 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %cB", value, units[unit])
}
