package commands

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/ops"
)

// redraw is how often the progress line is drawn: often enough to look alive.
const redraw = 200 * time.Millisecond

// lineFlags are the flags that say whether there is a progress line. Commands
// that have none leave them out.
type lineFlags struct {
	wanted bool // the command has a line to draw
	never  bool
	plain  bool // there is no colour in any case
}

func (l *lineFlags) flags(g *group) {
	if !l.wanted {
		return
	}
	g.BoolVar(&l.never, "no-progress", false, "no progress line on a terminal")
	g.BoolVar(&l.plain, "no-color", false, "no colours; there are none as yet")
}

// screen is what a progress line is drawn on: nil when standard error is no
// terminal that can, is for a program to read, or nobody watches it.
func (c *common) screen(w World) *Screen {
	if c.silent || c.line.never || c.log == "json" || w.Screen == nil || !w.Screen.terminal() {
		return nil
	}
	switch term := w.Getenv("TERM"); {
	case term == "" || term == "dumb":
		return nil
	case on(w.Getenv("CI")):
		return nil
	}
	return w.Screen
}

// on reads a variable that is set to say yes. CI systems differ in how.
func on(value string) bool { return value != "" && value != "false" && value != "0" }

// lasting is how much of the past the rate of the line is of.
const lasting = 10 * time.Second

// draw draws the progress line of a batch.
func (t *teller) draw(m *meter) {
	p := t.now()
	t.mu.Lock()
	line := progressLine(m, &t.tally, t.total, p, time.Now())
	t.mu.Unlock()
	t.screen.draw(line)
}

// meter tells the rate of a count that grows from 0.
type meter struct {
	counts [lasting / redraw]int64
	times  [lasting / redraw]time.Time
	next   int
}

func newMeter(now time.Time) *meter {
	m := new(meter)
	m.add(0, now)
	return m
}

// add notes the count of now, and returns by how much it has grown a second in
// the last ten.
func (m *meter) add(count int64, now time.Time) (perSecond float64) {
	m.counts[m.next], m.times[m.next] = count, now
	m.next = (m.next + 1) % len(m.counts)
	first := m.next
	if m.times[first].IsZero() {
		first = 0
	}
	took := now.Sub(m.times[first])
	if took <= 0 {
		return 0
	}
	return float64(count-m.counts[first]) / took.Seconds()
}

// eta is how long what is left will take at a rate, in words; empty when that
// cannot be told.
func eta(left int64, perSecond float64) string {
	seconds := float64(left) / perSecond
	if left <= 0 || !(seconds < 100*24*3600) {
		return ""
	}
	return "ETA " + clock(time.Duration(math.Ceil(seconds))*time.Second)
}

// clock is a duration as a clock shows it, in whole seconds: a number whose
// width changes all the time is hard to read.
func clock(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// eachSecond is a number a second with the digits that matter.
func eachSecond(perSecond float64) string {
	if perSecond < 9.95 {
		return fmt.Sprintf("%.1f/s", perSecond)
	}
	return fmt.Sprintf("%.0f/s", perSecond)
}

// progressLine tells of a batch in one line, what matters most first: a narrow
// terminal cuts off its end.
func progressLine(m *meter, tally *ops.Tally, total int64, p ops.Progress, now time.Time) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if p.Stopping {
		add("stopping")
	}
	done := tally.Tasks + p.Skipped
	switch {
	case total > 0:
		add("%d/%d (%d%%)", done, total, 100*done/total)
	default:
		add("%d done", done)
	}
	add("%d ok", tally.OK+tally.NotModified)
	if tally.Failed > 0 {
		add("%d failed", tally.Failed)
	}
	perSecond := m.add(tally.Tasks, now)
	add("%s", eachSecond(perSecond))
	if left := eta(total-done, perSecond); left != "" && !p.Stopping {
		add("%s", left)
	}
	add("%d active", p.Active)
	switch left := clock(p.Until.Sub(now)); {
	case p.Count == 1:
		add("1 origin paused for %s %s", left, ascii(p.Origin))
	case p.Count > 1:
		add("%d origins paused, the longest for %s %s", p.Count, left, ascii(p.Origin))
	}
	return strings.Join(parts, "  ")
}
