package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Stream processing: operations are chained, and nothing runs until the end
// asks for it.
func ExampleStream() {
	data := asynccore.FromSlice([]int{1, 5, 6, 7, 8, 9, 10})
	doubled := asynccore.Map(data, func(x int) (int, error) { return x * 2, nil })
	large := doubled.Filter(func(x int) bool { return x > 10 })

	for batch, err := range asynccore.Batch(large, 2) {
		if err != nil {
			fmt.Println("failed:", err)
			return
		}
		fmt.Println(batch)
	}
	// Output:
	// [12 14]
	// [16 18]
	// [20]
}

// A bad item is an item: it stops a terminal, unless OnError lets it pass.
func ExampleStream_OnError() {
	numbers := asynccore.Map(asynccore.Lines(strings.NewReader("1\ntwo\n3\n"), 1<<20), strconv.Atoi)

	bad := 0
	sum, err := asynccore.Reduce(numbers.OnError(func(err error) error {
		if errors.Is(err, strconv.ErrSyntax) {
			bad++
			return nil // left out
		}
		return err
	}), 0, func(sum, n int) int { return sum + n })
	fmt.Println(sum, bad, err)
	// Output: 4 1 <nil>
}

func ExampleWindow() {
	temperatures := asynccore.FromSlice([]float64{20, 22, 24, 20})
	for pair := range asynccore.Window(temperatures, 2, 1) {
		fmt.Println((pair[0] + pair[1]) / 2)
	}
	// Output:
	// 21
	// 23
	// 22
}

// Pipeline composition: built once, used for any number of inputs.
func ExampleThen() {
	pipeline := asynccore.Then(asynccore.Then(
		asynccore.MapStage(func(_ context.Context, x int) (int, error) { return x * 2, nil }),
		asynccore.FilterStage(func(x int) bool { return x > 50 })),
		asynccore.BatchStage[int](10))

	var data []int
	for x := 1; x <= 40; x++ {
		data = append(data, x)
	}
	batches, err := asynccore.Run(context.Background(), pipeline, asynccore.FromSlice(data))
	fmt.Println(len(batches), batches[0], err)
	// Output: 2 [52 54 56 58 60 62 64 66 68 70] <nil>
}

// Batching for efficiency: calls that wait run beside each other, eight at
// most, and their results come in order, as the calls end.
func ExampleParMap() {
	fetch := func(ctx context.Context, url string) (string, error) {
		select {
		case <-time.After(time.Millisecond): // a slow server
			return "body of " + url, nil
		case <-ctx.Done(): // the loop below was left
			return "", ctx.Err()
		}
	}
	urls := asynccore.FromSlice([]string{"/a", "/b", "/c"})
	for body, err := range asynccore.ParMap(context.Background(), urls, asynccore.ParConfig{N: 8, Ordered: true}, fetch) {
		fmt.Println(body, err)
	}
	// Output:
	// body of /a <nil>
	// body of /b <nil>
	// body of /c <nil>
}

// What trickles in is written by the batch: two at a time here, or what there
// is a second after the first of them.
func ExampleBatchWithin() {
	records := make(chan string)
	go func() {
		defer close(records)
		for _, r := range []string{"first", "second", "third"} {
			records <- r
		}
	}()
	ctx := context.Background()
	for batch, err := range asynccore.BatchWithin(ctx, asynccore.FromChan(ctx, records), 2, time.Second) {
		fmt.Println(batch, err)
	}
	// Output:
	// [first second] <nil>
	// [third] <nil>
}
