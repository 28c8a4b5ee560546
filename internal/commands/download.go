package commands

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/ops"
)

// downloading draws the progress line of a fetch to the file name, for as long
// as the fetch lasts. It returns nil where there is no line.
func (t *teller) downloading(name string) *ops.Transfer {
	if t.screen == nil {
		return nil
	}
	transfer, m := new(ops.Transfer), newMeter(time.Now())
	name = ascii(path.Base(name))
	t.repeat(redraw, func() {
		done, total := transfer.Bytes()
		if line := downloadLine(m, name, done, total, time.Now()); done > 0 {
			t.screen.draw(line)
		}
	})
	return transfer
}

// downloadLine tells of one download in one line. total is -1 when it is not
// known.
func downloadLine(m *meter, name string, done, total int64, now time.Time) string {
	parts := []string{name, size(done)}
	if total > 0 {
		parts[1] += fmt.Sprintf("/%s (%d%%)", size(total), 100*done/total)
	}
	perSecond := m.add(done, now)
	parts = append(parts, size(int64(perSecond))+"/s")
	if left := eta(total-done, perSecond); left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, "  ")
}
