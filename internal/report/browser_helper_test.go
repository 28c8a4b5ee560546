package report

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	browserlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab of a headless Chromium. It keeps what the page said on the
// console and what it asked of the network.
type browser struct {
	ctx context.Context

	mu         sync.Mutex // guards the fields below
	complaints []string   // console errors and warnings, exceptions, policy violations
	requests   []string   // URLs that are neither of the file itself nor data
}

// startChromium returns the context of a running Chromium, which ends with the
// test. It skips the test when there is none.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium found: install the package chromium to test the page in a browser")
	}
	// The allocator makes a fresh folder for the profile and removes it at the end.
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900),
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // returns when the process has ended
		stop()
		cancel()
	})
	return ctx
}

// newTab opens a tab that is closed with the test.
func newTab(t *testing.T, chromium context.Context) *browser {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(chromium)
	t.Cleanup(closeTab)
	b := &browser{ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	b.run(t, network.Enable(), browserlog.Enable(), runtime.Enable())
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, event.ExceptionDetails.Error())
	case *cdppage.EventJavascriptDialogOpening:
		b.complaints = append(b.complaints, "dialog: "+event.Message)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console."+string(event.Type))
	case *browserlog.EventEntryAdded:
		b.complaints = append(b.complaints, event.Entry.Text)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(event.Request.URL); err != nil || (u.Scheme != "file" && u.Scheme != "data") {
			b.requests = append(b.requests, event.Request.URL)
		}
	}
}

// quiet fails the test when the page complained or asked for anything.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		t.Errorf("the console says %q", b.complaints)
	}
	if len(b.requests) > 0 {
		t.Errorf("the page asked for %q", b.requests)
	}
}

func (b *browser) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// busy is the time that the page's thread has worked, in seconds of the
// domain that the metrics were enabled with.
func (b *browser) busy(t *testing.T) float64 {
	t.Helper()
	var metrics []*performance.Metric
	b.run(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		metrics, err = performance.GetMetrics().Do(ctx)
		return err
	}))
	for _, metric := range metrics {
		if metric.Name == "TaskDuration" {
			return metric.Value
		}
	}
	t.Fatal("the browser does not say how long its thread worked")
	return 0
}

// awaitPromise makes Evaluate wait for what the expression promises.
func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// eval returns what a JavaScript expression gives.
func eval[T any](t *testing.T, b *browser, expression string) (value T) {
	t.Helper()
	b.run(t, chromedp.Evaluate(expression, &value))
	return value
}

// open loads the report of r and returns when its script has drawn it.
func (b *browser) open(t *testing.T, r *Report) {
	t.Helper()
	b.load(t, r)
	b.run(t, chromedp.WaitReady("html[data-ready]", chromedp.ByQuery))
}

// load writes the report of r to a file and opens it.
func (b *browser) load(t *testing.T, r *Report) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(file, r); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.Navigate("file://"+path))
}
