package asynccore_test

import (
	"context"
	"fmt"

	"github.com/specify-cli/specify/internal/asynccore"
)

// The seed's AsyncRunner: work with priorities on a bounded number of workers.
func ExampleRunner() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
	submit := func(priority asynccore.Priority, work func()) {
		err := runner.Go(ctx, asynccore.Job{Priority: priority}, func(context.Context) { work() })
		if err != nil {
			fmt.Println(err)
		}
	}
	started, finish := make(chan struct{}), make(chan struct{})
	submit(asynccore.PriorityLow, func() { close(started); <-finish; fmt.Println("clean up") })
	<-started // it has the only worker
	submit(asynccore.PriorityNormal, func() { fmt.Println("process") })
	submit(asynccore.PriorityCritical, func() { fmt.Println("alert") })
	close(finish)
	if err := runner.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// clean up
	// alert
	// process
}

// The seed's runner.submit and its result.
func ExampleSubmit() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
	task, err := asynccore.Submit(ctx, runner, asynccore.Job{Priority: asynccore.PriorityCritical}, func(context.Context) (string, error) {
		return "done", nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Wait(ctx))
	fmt.Println(runner.Close(ctx))
	// Output:
	// done <nil>
	// <nil>
}

// The seed's runner.gather: many at once, in order.
func ExampleGatherOn() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
	var squares []func(context.Context) (int, error)
	for i := range 5 {
		squares = append(squares, func(context.Context) (int, error) { return i * i, nil })
	}
	fmt.Println(asynccore.GatherOn(ctx, runner, asynccore.Job{}, squares...))
	fmt.Println(runner.Close(ctx))
	// Output:
	// [0 1 4 9 16] <nil>
	// <nil>
}

// A job that has to wait gives its slot to another one.
func ExampleYield() {
	ctx := context.Background()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
	answer := make(chan string)
	for _, job := range []func(context.Context){
		func(ctx context.Context) {
			resume := asynccore.Yield(ctx)
			text := <-answer // the only slot is free meanwhile
			if err := resume(ctx); err == nil {
				fmt.Println(text)
			}
		},
		func(context.Context) { answer <- "answered" },
	} {
		if err := runner.Go(ctx, asynccore.Job{}, job); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(runner.Close(ctx))
	// Output:
	// answered
	// <nil>
}

// The seed's async_background: a task beside the main work.
func ExampleBackground() {
	ctx, cancel := context.WithCancel(context.Background())
	monitor := asynccore.Background(ctx, func(ctx context.Context) (int, error) {
		<-ctx.Done() // watch until told to end
		return 3, nil
	})
	cancel()
	fmt.Println(monitor.Wait(context.Background()))
	// Output:
	// 3 <nil>
}
