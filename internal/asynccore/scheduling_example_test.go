package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Priorities, a limit, results in order: ten workers for all of it.
func Example_scheduledProcessing() {
	site := newSite()
	defer site.Close()
	page := func(name string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return get(ctx, site.URL+"/page/"+name) }
	}
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})

	urgent, err := asynccore.Submit(ctx, runner, asynccore.Job{Priority: asynccore.PriorityCritical}, page("alert"))
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, err := asynccore.GatherOn(ctx, runner, asynccore.Job{}, page("a"), page("b"), page("c"))
	fmt.Printf("%q %v\n", pages, err)
	fmt.Println(urgent.Wait(ctx))
	fmt.Println(runner.Close(ctx))
	// Output:
	// ["page a" "page b" "page c"] <nil>
	// page alert <nil>
	// <nil>
}

// Close waits for everything, and returns what nobody else has heard of.
func ExampleRunner_Close() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2})
	if err := runner.Go(ctx, asynccore.Job{}, func(context.Context) { panic("a bug") }); err != nil {
		fmt.Println(err)
	}
	err := runner.Close(ctx)
	if bug, ok := errors.AsType[*asynccore.PanicError](err); ok {
		fmt.Println(bug, "- with its stack:", len(bug.Stack) > 0)
	}
	// Output: panic: a bug - with its stack: true
}

// A host that asks for a pause gets it, and the others do not notice.
func ExampleRunner_Pause() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, KeyLimit: 2})
	runner.Pause("busy.example", time.Now().Add(time.Hour)) // it said Retry-After: 3600
	for _, host := range []string{"busy.example", "fine.example"} {
		err := runner.Go(ctx, asynccore.Job{Key: host}, func(ctx context.Context) {
			if ctx.Err() == nil {
				fmt.Println("asked", host)
				runner.Stop(errors.New("an hour is too long"))
				return
			}
			fmt.Println("did not ask", host, "-", context.Cause(ctx))
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(runner.Close(ctx))
	// Output:
	// asked fine.example
	// did not ask busy.example - an hour is too long
	// <nil>
}

// Ten records, three requests, two of them at a time.
func Example_batching() {
	site := newSite()
	defer site.Close()
	ctx := context.Background()
	records := asynccore.FromSlice([]string{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"})

	store := func(ctx context.Context, batch []string) (int, error) { return len(batch), site.post(ctx, batch) }
	stored := asynccore.ParMap(ctx, asynccore.Batch(records, 4), asynccore.ParConfig{N: 2}, store)

	total, err := asynccore.Reduce(stored, 0, func(sum, n int) int { return sum + n })
	requests, _ := site.seen()
	fmt.Println(total, "records,", requests, "requests", err)
	// Output: 10 records, 3 requests <nil>
}

// At most three requests at a time, wherever they come from.
func Example_limitedCalls() {
	site := newSite()
	defer site.Close()
	limit := asynccore.NewSemaphore(3)
	fetch := func(ctx context.Context, url string) (page string, err error) {
		err = limit.Use(ctx, func(ctx context.Context) error {
			page, err = get(ctx, url)
			return err
		})
		return page, err
	}

	urls := make([]string, 50)
	for i := range urls {
		urls[i] = fmt.Sprintf("%s/page/%d", site.URL, i)
	}
	pages, err := asynccore.GatherEach(context.Background(), 100, urls, fetch)
	_, atOnce := site.seen()
	fmt.Println(len(pages), "pages, three at once at most:", atOnce <= 3, err)
	// Output: 50 pages, three at once at most: true <nil>
}

// At most a hundred requests a second.
func Example_rateLimit() {
	site := newSite()
	defer site.Close()
	hundred, err := asynccore.ParseRate("100/s")
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter := asynccore.NewLimiter(hundred) // of this site

	began := time.Now()
	pages, err := asynccore.GatherEach(context.Background(), 10, make([]int, 15), func(ctx context.Context, _ int) (string, error) {
		if err := limiter.Wait(ctx); err != nil {
			return "", err
		}
		return get(ctx, site.URL+"/page/a")
	})
	// Ten go at once, a tenth of a second's worth, then one every 10 ms.
	fmt.Println(len(pages), time.Since(began) >= 50*time.Millisecond, err)
	// Output: 15 true <nil>
}
