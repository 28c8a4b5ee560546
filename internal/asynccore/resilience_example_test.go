package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// retryable returns err as it is when another attempt may mend it, and as
// Permanent when none can.
func retryable(err error) error {
	worthIt := []int{408, 429, 500, 502, 503, 504}
	if status, ok := errors.AsType[*statusError](err); ok && !slices.Contains(worthIt, status.Code) {
		return asynccore.Permanent(err)
	}
	return err
}

// Again after 1, 2, 4, 8 and 16 milliseconds, and no more often than that.
func Example_fetchWithRetry() {
	site := newSite()
	defer site.Close()
	policy := asynccore.RetryPolicy{Max: 5, Base: time.Millisecond, Factor: 2, Jitter: asynccore.JitterNone}
	fetch := func(path string) (string, error) {
		return asynccore.Retry(context.Background(), policy, func(ctx context.Context, _ int) (string, error) {
			page, err := get(ctx, site.URL+path)
			return page, retryable(err)
		})
	}

	site.fail(503, 502)
	fmt.Println(fetch("/flaky"))
	fmt.Println(fetch("/page/missing"))
	// Output:
	// fine <nil>
	//  404 Not Found after 1 attempt
}

// Five failures open the breaker; from then on the server is left alone.
func Example_resilientCall() {
	site := newSite()
	defer site.Close()
	site.fail(500, 500, 500, 500, 500)
	breakers := asynccore.NewBreakers(asynccore.BreakersConfig{Configure: func(string) asynccore.BreakerConfig {
		return asynccore.BreakerConfig{Failures: 5, Cooldown: 20 * time.Millisecond, Successes: 2}
	}})
	call := func(ctx context.Context) (string, error) {
		return asynccore.WithBreaker(ctx, breakers, site.URL, func(ctx context.Context) (string, error) {
			return get(ctx, site.URL+"/flaky")
		})
	}

	ctx := context.Background()
	for range 100 {
		_, err := call(ctx)
		if open, ok := errors.AsType[*asynccore.OpenError](err); ok {
			requests, _ := site.seen()
			fmt.Println(breakers.State(open.Key), "after", requests, "requests")
			time.Sleep(time.Until(open.RetryAt)) // a program has better things to do
			break
		}
	}
	for range 2 {
		fmt.Println(call(ctx))
	}
	fmt.Println(breakers.State(site.URL))
	// Output:
	// open after 5 requests
	// fine <nil>
	// fine <nil>
	// closed
}

// Retries go on while the breaker lets them, and end when it does not.
func Example_recovery() {
	site := newSite()
	defer site.Close()
	site.fail(slices.Repeat([]int{http.StatusServiceUnavailable}, 100)...)
	breakers := asynccore.NewBreakers(asynccore.BreakersConfig{Configure: func(string) asynccore.BreakerConfig {
		return asynccore.BreakerConfig{Failures: 2}
	}})
	policy := asynccore.RetryPolicy{Max: 3, Base: time.Millisecond}

	_, err := asynccore.Retry(context.Background(), policy, func(ctx context.Context, _ int) (string, error) {
		page, err := asynccore.WithBreaker(ctx, breakers, "site", func(ctx context.Context) (string, error) {
			return get(ctx, site.URL+"/flaky")
		})
		if open, ok := errors.AsType[*asynccore.OpenError](err); ok {
			return "", asynccore.Permanent(fmt.Errorf("%s is down", open.Key)) // or wait until open.RetryAt
		}
		return page, retryable(err)
	})

	requests, _ := site.seen()
	fmt.Println(err, "- requests:", requests)
	// Output: site is down after 3 attempts - requests: 2
}

// What is expected is dealt with by its type; the rest goes to the caller.
func Example_graceful() {
	site := newSite()
	defer site.Close()
	robust := func(path string) (page string, err error) {
		err = asynccore.WithTimeout(context.Background(), 100*time.Millisecond, func(ctx context.Context) error {
			page, err = get(ctx, site.URL+path)
			return err
		})
		if timeout, ok := errors.AsType[*asynccore.TimeoutError](err); ok {
			return fmt.Sprintf("(nothing within %v)", timeout.After), nil
		}
		if status, ok := errors.AsType[*statusError](err); ok && status.Code == http.StatusNotFound {
			return "(no such page)", nil
		}
		if err != nil {
			return "", fmt.Errorf("get %s: %w", path, err)
		}
		return page, nil
	}

	for _, path := range []string{"/page/a", "/slow", "/page/missing", "/elsewhere%"} {
		page, err := robust(path)
		fmt.Println(page, err != nil)
	}
	// Output:
	// page a false
	// (nothing within 100ms) false
	// (no such page) false
	//  true
}
