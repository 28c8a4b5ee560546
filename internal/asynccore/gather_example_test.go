package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

var errNotFound = errors.New("not found")

// fetchPage stands in for a request.
func fetchPage(_ context.Context, url string) (string, error) {
	pages := map[string]string{"/a": "page A", "/b": "page B", "/c": "page C"}
	page, ok := pages[url]
	if !ok {
		return "", fmt.Errorf("fetch %s: %w", url, errNotFound)
	}
	return page, nil
}

// Independent operations side by side, results in the order of the calls.
func ExampleGather() {
	title := func(context.Context) (string, error) { time.Sleep(time.Millisecond); return "title", nil }
	body := func(context.Context) (string, error) { return "body", nil }

	values, err := asynccore.Gather(context.Background(), 2, title, body)
	fmt.Println(values, err)
	// Output: [title body] <nil>
}

// All must succeed: the first failure cancels the rest.
func ExampleGatherEach() {
	ctx := context.Background()
	pages, err := asynccore.GatherEach(ctx, 10, []string{"/a", "/b", "/c"}, fetchPage)
	fmt.Println(pages, err)

	_, err = asynccore.GatherEach(ctx, 10, []string{"/a", "/missing"}, fetchPage)
	fmt.Println(err)
	fmt.Println(errors.Is(err, errNotFound))
	// Output:
	// [page A page B page C] <nil>
	// [1] fetch /missing: not found
	// true
}

// Partial failure: every entry ends, and each outcome is kept.
func ExampleSettleEach() {
	urls := []string{"/a", "/missing", "/c", "/gone"}
	results := asynccore.SettleEach(context.Background(), 10, urls, fetchPage)

	pages, failures := asynccore.Partition(results)
	fmt.Printf("Successes: %d, Failures: %d\n", len(pages), len(failures))
	for _, f := range failures {
		fmt.Println(urls[f.Index], "->", f.Err)
	}
	// Output:
	// Successes: 2, Failures: 2
	// /missing -> fetch /missing: not found
	// /gone -> fetch /gone: not found
}

// A panic ends its own entry only.
func ExampleSettle() {
	results := asynccore.Settle(context.Background(), 2,
		func(context.Context) (int, error) { panic("bug") },
		func(context.Context) (int, error) { return 42, nil },
	)
	for _, r := range results {
		fmt.Println(r.Value, r.Err)
	}
	// Output:
	// 0 panic: bug
	// 42 <nil>
}

// Run everything, then deal with all failures as one error.
func ExampleValues() {
	urls := []string{"/missing", "/b", "/gone"}
	pages, err := asynccore.Values(asynccore.SettleEach(context.Background(), 10, urls, fetchPage))
	fmt.Printf("%q\n%v\n", pages, err)
	// Output:
	// ["" "page B" ""]
	// [0] fetch /missing: not found
	// [2] fetch /gone: not found
}

// Results as they come; break stops the rest, even of an endless source.
func ExampleAsCompleted() {
	ms := slices.Values([]int{30, 1, 60_000})
	wait := func(ctx context.Context, n int) (int, error) {
		select {
		case <-time.After(time.Duration(n) * time.Millisecond):
			return n, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	for i, r := range asynccore.AsCompleted(context.Background(), 3, ms, wait) {
		fmt.Println(i, r.Value, r.Err)
		if r.Value == 30 {
			break
		}
	}
	// Output:
	// 1 1 <nil>
	// 0 30 <nil>
}

// Two mirrors: the one that answers first, the other is cancelled.
func ExampleFirst() {
	stuck := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	works := func(ctx context.Context) (string, error) { return fetchPage(ctx, "/a") }

	fmt.Println(asynccore.First(context.Background(), stuck, works))
	// Output: page A <nil>
}

// No operation may hang for ever.
func ExampleWithTimeout() {
	err := asynccore.WithTimeout(context.Background(), 10*time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done() // a long operation that obeys its context
		return ctx.Err()
	})
	if timeout, ok := errors.AsType[*asynccore.TimeoutError](err); ok {
		fmt.Println("gave up after", timeout.After)
	}
	// Output: gave up after 10ms
}

// One limit for calls that start in many places.
func ExampleSemaphore() {
	ctx := context.Background()
	hosts := asynccore.NewSemaphore(10)
	pages, err := asynccore.GatherEach(ctx, 100, []string{"/a", "/b"}, func(ctx context.Context, url string) (page string, err error) {
		err = hosts.Use(ctx, func(ctx context.Context) error {
			page, err = fetchPage(ctx, url)
			return err
		})
		return page, err
	})
	fmt.Println(pages, err)
	// Output: [page A page B] <nil>
}

// A producer that may run at most two items ahead of its consumer.
func ExampleQueue() {
	ctx := context.Background()
	q := asynccore.NewQueue[int](2)
	go func() { // ends before the loop below does: it closes the queue last
		defer q.Close()
		for i := range 5 {
			if err := q.Put(ctx, i); err != nil {
				return
			}
		}
	}()
	for item, err := range q.All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("got", item)
	}
	// Output:
	// got 0
	// got 1
	// got 2
	// got 3
	// got 4
}
