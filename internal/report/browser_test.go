package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/specify-cli/specify/internal/task"
)

// drawn is an expression for the seq of the rows in the document, top down.
const drawn = `[...document.querySelectorAll("#grid .body .row:not([hidden])")]
	.sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
	.map((row) => Number(row.querySelector(".seq").textContent))`

// inSight is an expression for the seq of the rows that can be seen.
const inSight = `(() => {
	const box = document.querySelector("#grid .heads").getBoundingClientRect();
	const bottom = document.querySelector("#grid").getBoundingClientRect().bottom;
	return [...document.querySelectorAll("#grid .body .row:not([hidden])")]
		.map((row) => ({ at: row.getBoundingClientRect(), seq: Number(row.querySelector(".seq").textContent) }))
		.filter(({ at }) => at.bottom > box.bottom + 1 && at.top < bottom - 1)
		.sort((a, b) => a.at.top - b.at.top).map(({ seq }) => seq);
})()`

// readyAfter is an expression for the milliseconds from the navigation until
// the page was drawn and could be used.
const readyAfter = `Number(document.documentElement.dataset.ready)`

func many(t *testing.T, n int) *Report {
	t.Helper()
	r, err := Collect(simulated(n))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPage opens reports in a real browser, in one process with a tab a test.
func TestPage(t *testing.T) {
	chromium := startChromium(t)
	for name, test := range map[string]func(*testing.T, *browser){
		"with hundred thousand tasks":         pageWithHundredThousandTasks,
		"scrolls a table taller than its box": pageScrollsATableTallerThanItsBox,
		"on a phone":                          pageOnAPhone,
		"themes":                              pageThemes,
		"on paper":                            pageOnPaper,
		"with hostile records":                pageWithHostileRecords,
		"without script":                      pageWithoutScript,
		"of nothing":                          pageOfNothing,
	} {
		t.Run(name, func(t *testing.T) { test(t, newTab(t, chromium)) })
	}
}

func pageWithHundredThousandTasks(t *testing.T, b *browser) {
	r := many(t, 100_000)
	b.open(t, r)

	// A machine that is busy with something else may need a second try.
	ready := eval[int](t, b, readyAfter)
	for try := 0; try < 2 && ready > 3000; try++ {
		b.open(t, r)
		ready = min(ready, eval[int](t, b, readyAfter))
	}
	t.Logf("ready %d ms after the page was asked for", ready)
	if ready > 3000 {
		t.Errorf("ready after %d ms, want 3000 at most", ready)
	}
	if n := eval[int](t, b, drawn+`.length`); n < 10 || n > 80 {
		t.Errorf("%d rows in the document, want those in sight and a few more", n)
	}

	t.Run("filters", func(t *testing.T) {
		for _, test := range []struct {
			name, id, value string
			keep            func(*Row) bool
		}{
			{"outcome", "by-outcome", "failed", func(row *Row) bool { return row.Outcome == task.Failed }},
			{"status", "by-status", "429", func(row *Row) bool { return row.Status == 429 }},
			{"error", "by-status", "connect", func(row *Row) bool { return row.errorType() == "connect" }},
			{"origin", "by-origin", "2", func(row *Row) bool { return row.Origin == 2 }},
		} {
			eval[any](t, b, fmt.Sprintf(`(() => { clearFilter(); const select = byID(%q); select.value = %q; select.dispatchEvent(new Event("change")); })()`, test.id, test.value))
			b.expectShown(t, test.name, r, test.keep)
		}
	})
	t.Run("search by keyboard", func(t *testing.T) {
		eval[any](t, b, `(clearFilter(), document.activeElement.blur(), 0)`)
		b.run(t, chromedp.KeyEvent("/"), chromedp.KeyEvent("ARCHIVE-3.7 legacy"), chromedp.Poll(`filter.query !== ""`, nil))
		b.expectShown(t, "search", r, func(row *Row) bool {
			return strings.Contains(row.URL, "archive-3.7") && strings.Contains(row.URL, "legacy")
		})
		eval[any](t, b, `(clearFilter(), 0)`)
	})
	t.Run("sorts", func(t *testing.T) {
		sorted := slices.Clone(r.Rows)
		slices.SortStableFunc(sorted, func(a, b *Row) int { return int(b.Duration.Microseconds() - a.Duration.Microseconds()) })
		b.run(t, chromedp.Click(`#grid .head .duration button`, chromedp.ByQuery))
		if got := eval[[]int64](t, b, drawn); got[0] != sorted[0].Seq || got[1] != sorted[1].Seq {
			t.Errorf("first rows by time %v, want %d and %d", got[:2], sorted[0].Seq, sorted[1].Seq)
		}
		if sort := eval[string](t, b, `document.querySelector("#grid .head .duration").getAttribute("aria-sort")`); sort != "descending" {
			t.Errorf("aria-sort = %q, want descending", sort)
		}
		b.run(t, chromedp.Click(`#grid .head .seq button`, chromedp.ByQuery))
	})
	t.Run("scrolls", func(t *testing.T) { scrolls(t, b) })
	t.Run("moves by keyboard", func(t *testing.T) { movesByKeyboard(t, b) })
	t.Run("charts filter", func(t *testing.T) {
		eval[any](t, b, `(byID("throughput").focus(), 0)`)
		b.run(t, chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
		bucket := r.Throughput.Buckets[1]
		want := bucket.Good + bucket.Bad
		if got := settles(t, b, `shown.length`, want); got != want {
			t.Errorf("%d tasks ended in the second bucket, want %d", got, want)
		}
		b.run(t, chromedp.KeyEvent(kb.Escape))
		if got := settles(t, b, `shown.length`, len(r.Rows)); got != len(r.Rows) {
			t.Errorf("%d tasks after Escape, want all", got)
		}
	})
	b.quiet(t)
}

// expectShown compares how many tasks the page says it shows with how many keep
// keeps, and the first of them with the first row drawn.
func (b *browser) expectShown(t *testing.T, name string, r *Report, keep func(*Row) bool) {
	t.Helper()
	want, first := 0, int64(-1)
	for _, row := range r.Rows {
		if !keep(row) {
			continue
		}
		if want++; want == 1 {
			first = row.Seq
		}
	}
	text := eval[string](t, b, `byID("shown").textContent`)
	if !strings.HasPrefix(text, showCount(want)+" of ") || want == 0 {
		t.Errorf("%s: the page shows %q, want %d", name, text, want)
	}
	if got := eval[[]int64](t, b, drawn); len(got) == 0 || got[0] != first {
		t.Errorf("%s: rows %v, want %d first", name, got, first)
	}
}

// scrolls goes through the table at 200 pixels a frame, which is 12,000 a second
// and faster than wheels turn. What counts is the processor time that a frame
// takes of the page's thread: on a busy machine the time by the clock says
// nothing about the page.
func scrolls(t *testing.T, b *browser) {
	const frames = 90
	b.run(t, performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks))
	before := b.busy(t)
	var clock float64
	b.run(t, chromedp.Evaluate(`new Promise((done) => {
		const box = byID("grid");
		box.scrollIntoView();
		let frame = 0, start = performance.now();
		const step = () => {
			box.scrollTop += 200;
			frame++ < `+strconv.Itoa(frames)+` ? requestAnimationFrame(step) : done(performance.now() - start);
		};
		requestAnimationFrame(step);
	})`, &clock, awaitPromise))
	each := 1000 * (b.busy(t) - before) / frames
	t.Logf("a frame of scrolling took %.1f ms of the page's thread, %.1f ms by the clock", each, clock/frames)
	if each > 16 {
		t.Errorf("a frame of scrolling takes %.1f ms of the page's thread, want 16 at most: 60 frames a second", each)
	}
	for at, want := range map[string]int64{"0": 0, "1e9": 99_999} {
		eval[any](t, b, `(byID("grid").scrollTop = `+at+`, 0)`)
		b.run(t, chromedp.Poll(inSight+`.includes(`+strconv.FormatInt(want, 10)+`)`, nil))
	}
}

func movesByKeyboard(t *testing.T, b *browser) {
	eval[any](t, b, `(clearFilter(), byID("grid").focus(), 0)`)
	active := `document.getElementById(byID("grid").getAttribute("aria-activedescendant"))?.querySelector(".seq").textContent`
	for _, test := range []struct{ key, want string }{
		{kb.ArrowDown, "1"}, {kb.ArrowDown, "2"}, {kb.ArrowUp, "1"}, {kb.End, "99999"}, {kb.Home, "0"}, {kb.ArrowUp, "0"}, {kb.ArrowDown, "1"},
	} {
		b.run(t, chromedp.KeyEvent(test.key))
		if got := settles(t, b, active, test.want); got != test.want {
			t.Errorf("after %q the keyboard is on %q, want %q", test.key, got, test.want)
		}
	}
	b.run(t, chromedp.KeyEvent(kb.Enter))
	title := `details.open ? byID("details-title").textContent : "closed"`
	want := eval[string](t, b, `label(1)`)
	if got := settles(t, b, title, want); got != want {
		t.Errorf("details of %q, want %q", got, want)
	}
	b.run(t, chromedp.KeyEvent(kb.ArrowDown))
	want = eval[string](t, b, `label(2)`)
	if got := settles(t, b, title, want); got != want {
		t.Errorf("details of %q, want those of the next task, %q", got, want)
	}
	b.run(t, chromedp.KeyEvent(kb.Escape))
	if got := settles(t, b, title+` + " " + document.activeElement.id`, "closed grid"); got != "closed grid" {
		t.Errorf("after Escape: %q, want the details closed and the table focused", got)
	}
	if got := settles(t, b, active, "2"); got != "2" {
		t.Errorf("the keyboard is on %q, want the task that was open last", got)
	}
}

// A browser cuts off elements taller than some 17 million pixels; on a phone
// 200,000 tasks are 14 million already.
func pageScrollsATableTallerThanItsBox(t *testing.T, b *browser) {
	if testing.Short() {
		t.Skip("200,000 tasks take some seconds")
	}
	b.run(t, emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	b.open(t, many(t, 200_000))
	if height := eval[int](t, b, `document.querySelector("#grid .body").offsetHeight`); height != 12_000_000 {
		t.Errorf("the table is %d pixels tall, want the 12 million it is cut to", height)
	}
	eval[any](t, b, `(byID("grid").focus(), 0)`)
	for _, test := range []struct {
		key  string
		want int64
	}{{kb.End, 199_999}, {kb.ArrowUp, 199_998}, {kb.Home, 0}, {kb.ArrowDown, 1}} {
		b.run(t, chromedp.KeyEvent(test.key))
		if got := eval[[]int64](t, b, inSight); !slices.Contains(got, test.want) {
			t.Errorf("after %q rows %v are in sight, want %d among them", test.key, got, test.want)
		}
	}
	eval[any](t, b, `(byID("grid").scrollTop = (12e6 - byID("grid").clientHeight) / 2, 0)`)
	b.run(t, chromedp.Poll(inSight+`.includes(100000)`, nil))
	b.quiet(t)
}

func pageOnAPhone(t *testing.T, b *browser) {
	b.run(t, emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	for name, r := range map[string]*Report{"simulated": many(t, 500), "hostile": collect(t, hostileRecords()...)} {
		b.open(t, r)
		if width := eval[int](t, b, `document.documentElement.scrollWidth`); width > 390 {
			t.Errorf("%s: the page is %d pixels wide on a screen of 390", name, width)
		}
	}
	b.quiet(t)
}

func pageThemes(t *testing.T, b *browser) {
	b.open(t, many(t, 10))
	ground := `getComputedStyle(document.body).backgroundColor`
	colours := make(map[string]string)
	for _, scheme := range []string{"light", "dark"} {
		b.run(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		colours[scheme] = eval[string](t, b, ground)
	}
	if colours["light"] == colours["dark"] {
		t.Errorf("the page is %s in both schemes", colours["light"])
	}
	for _, theme := range []string{"light", "dark"} { // the button goes from auto to light to dark
		b.run(t, chromedp.Click("#theme", chromedp.ByQuery))
		if got := eval[string](t, b, ground); got != colours[theme] {
			t.Errorf("the button set to %s gives %s, want %s", theme, got, colours[theme])
		}
	}
	b.quiet(t)
}

func pageOnPaper(t *testing.T, b *browser) {
	b.open(t, many(t, 1000))
	count := drawn + `.length`
	eval[any](t, b, `(dispatchEvent(new Event("beforeprint")), 0)`)
	if n := eval[int](t, b, count); n != 300 {
		t.Errorf("%d rows go to paper, want 300", n)
	}
	if note := eval[string](t, b, `byID("print-note").textContent`); note != "The first 300 of 1,000 tasks." {
		t.Errorf("the note says %q", note)
	}
	eval[any](t, b, `(dispatchEvent(new Event("afterprint")), 0)`)
	if n := eval[int](t, b, count); n > 80 {
		t.Errorf("%d rows are left in the document after printing", n)
	}
	b.quiet(t)
}

// Nothing in the records becomes an element, a script, a request or a character
// that is acted on, in any part of the page.
func pageWithHostileRecords(t *testing.T, b *browser) {
	b.open(t, collect(t, hostileRecords()...))
	for i := range 5 {
		eval[any](t, b, fmt.Sprintf(`(openDetails(%d, shown), document.querySelectorAll("details").forEach((group) => (group.open = true)), 0)`, i))
		if shown := eval[string](t, b, `details.textContent`); !strings.Contains(shown, Visible(hostile)) {
			t.Errorf("details of %d: %q, want the text as it is in them", i, shown)
		}
		for _, r := range eval[string](t, b, `document.documentElement.textContent`) {
			if r != '\n' && !strconv.IsPrint(r) {
				t.Fatalf("%q is in the page", r)
			}
		}
	}
	if got := eval[string](t, b, `[...document.querySelectorAll("script, img, iframe, b a, a[href^=javascript]")].map((node) => node.tagName).join()`); got != "SCRIPT" {
		t.Errorf("elements %s, want our own script alone", got)
	}
	b.quiet(t)
}

func pageWithoutScript(t *testing.T, b *browser) {
	b.run(t, emulation.SetScriptExecutionDisabled(true))
	b.load(t, many(t, 1000))
	var text string
	b.run(t, chromedp.Text("main", &text, chromedp.ByQuery))
	for _, want := range []string{"tasks failed", "not modified", "switched off"} {
		if !strings.Contains(text, want) {
			t.Errorf("without script the page reads %q, want %q in it", text, want)
		}
	}
}

func pageOfNothing(t *testing.T, b *browser) {
	b.open(t, collect(t))
	if got := eval[string](t, b, `byID("headline").textContent + ": " + byID("shown").textContent`); got != "No tasks: 0 tasks" {
		t.Errorf("the page says %q", got)
	}
	b.quiet(t)
}

// settles returns what expr gives as soon as that is want, or, after some
// seconds, what it gives then: the page acts on some events (a dialog's close)
// after the key that caused them was handled.
func settles[T comparable](t *testing.T, b *browser, expr string, want T) T {
	t.Helper()
	for range 100 {
		if eval[T](t, b, expr) == want {
			return want
		}
		time.Sleep(50 * time.Millisecond)
	}
	return eval[T](t, b, expr)
}
