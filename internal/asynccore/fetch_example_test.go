package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// A function that waits takes a context, and returns an error that tells.
func Example_fetchData() {
	site := newSite()
	defer site.Close()
	ctx := context.Background()

	fmt.Println(get(ctx, site.URL+"/page/a"))

	_, err := get(ctx, site.URL+"/page/missing")
	if status, ok := errors.AsType[*statusError](err); ok {
		fmt.Println("the server says", status.Code)
	}
	// Output:
	// page a <nil>
	// the server says 404
}

// Many URLs at once, twenty at most, in order.
func Example_fetchMultiple() {
	site := newSite()
	defer site.Close()
	urls := []string{site.URL + "/page/a", site.URL + "/page/b", site.URL + "/page/c"}

	pages, err := asynccore.GatherEach(context.Background(), 20, urls, get)
	fmt.Printf("%q %v\n", pages, err)
	// Output: ["page a" "page b" "page c"] <nil>
}

// One after the other, and side by side.
func Example_sideBySide() {
	site := newSite()
	defer site.Close()
	ctx := context.Background()

	var pages []string
	for _, name := range []string{"a", "b", "c"} {
		page, err := get(ctx, site.URL+"/page/"+name)
		if err != nil {
			fmt.Println(err)
			return
		}
		pages = append(pages, page)
	}
	_, atOnce := site.seen()
	fmt.Println(len(pages), "pages, in flight at once:", atOnce)

	meet := func(ctx context.Context) (string, error) { return get(ctx, site.URL+"/meet/3") }
	_, err := asynccore.Gather(ctx, 3, meet, meet, meet)
	_, atOnce = site.seen()
	fmt.Println("gathered, in flight at once:", atOnce, err)
	// Output:
	// 3 pages, in flight at once: 1
	// gathered, in flight at once: 3 <nil>
}

// What comes back has a type, and the compiler holds everybody to it.
func Example_types() {
	type user struct {
		Name   string
		Visits int
	}
	site := newSite()
	defer site.Close()
	urls := []string{site.URL + "/user/ada", site.URL + "/user/bob"}

	users, err := asynccore.GatherEach(context.Background(), 10, urls, getJSON[user])
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range users {
		fmt.Println(u.Name, u.Visits)
	}
	// Output:
	// ada 3
	// bob 3
}

// No request may hang for ever.
func Example_timeout() {
	site := newSite()
	defer site.Close()
	ctx := context.Background()

	err := asynccore.WithTimeout(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		_, err := get(ctx, site.URL+"/slow")
		return err
	})
	if timeout, ok := errors.AsType[*asynccore.TimeoutError](err); ok {
		fmt.Println("gave up after", timeout.After)
	}
	// Output: gave up after 50ms
}

// Some fail, the others count.
func Example_partialFailures() {
	site := newSite()
	defer site.Close()
	urls := []string{site.URL + "/page/a", site.URL + "/page/missing", site.URL + "/page/c"}

	pages, failures := asynccore.Partition(asynccore.SettleEach(context.Background(), 10, urls, get))

	fmt.Printf("Successes: %d, Failures: %d\n", len(pages), len(failures))
	for _, f := range failures {
		fmt.Println("entry", f.Index, "->", f.Err)
	}
	// Output:
	// Successes: 2, Failures: 1
	// entry 1 -> 404 Not Found
}
