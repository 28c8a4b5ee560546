package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func mustSubmit[T any](t *testing.T, ctx context.Context, r *asynccore.Runner, j asynccore.Job, fn func(context.Context) (T, error)) *asynccore.Task[T] {
	t.Helper()
	task, err := asynccore.Submit(ctx, r, j, fn)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestTaskOutcomes(t *testing.T) {
	tests := []struct {
		name string
		fn   func(context.Context) (int, error)
		want int
		err  string
	}{
		{"value", func(context.Context) (int, error) { return 7, nil }, 7, ""},
		{"error", func(context.Context) (int, error) { return 3, errGroup }, 3, "group cancelled"},
		{"panic", func(context.Context) (int, error) { panic("oh") }, 0, "panic: oh"},
		{"goexit", func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, 0, "goroutine ended by runtime.Goexit"},
	}
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
	for _, tt := range tests {
		starts := map[string]func() *asynccore.Task[int]{
			"Submit":     func() *asynccore.Task[int] { return mustSubmit(t, t.Context(), r, asynccore.Job{}, tt.fn) },
			"Background": func() *asynccore.Task[int] { return asynccore.Background(t.Context(), tt.fn) },
		}
		for name, start := range starts {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				task := start()
				<-task.Done()
				for range 2 { // the same each time
					got, err := task.Wait(t.Context())
					if got != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
						t.Errorf("Wait: %v, %v", got, err)
					}
					res, ok := task.Result()
					if !ok || res.Value != got || res.Err != err {
						t.Errorf("Result: %v, %v", res, ok)
					}
				}
				task.Cancel(nil) // too late
				if res, ok := task.Result(); !ok || res.Value != tt.want {
					t.Errorf("Result after Cancel: %v, %v", res, ok)
				}
			})
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Errorf("Close reports what was collected: %v", err)
	}
}

func TestTaskCancel(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		running := mustSubmit(t, t.Context(), r, asynccore.Job{}, func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "so far", context.Cause(ctx)
		})
		synctest.Wait()
		queued := mustSubmit(t, t.Context(), r, asynccore.Job{}, func(context.Context) (string, error) {
			t.Error("a cancelled task ran")
			return "", nil
		})
		queued.Cancel(errGroup)
		if res, ok := queued.Result(); !ok || res.Err != errGroup { // with the only slot taken
			t.Errorf("cancelled in the queue: %v, %v", res, ok)
		}
		if _, ok := running.Result(); ok {
			t.Error("the other task has ended")
		}
		running.Cancel(nil)
		if got, err := running.Wait(t.Context()); got != "so far" || err != context.Canceled {
			t.Errorf("cancelled while it ran: %q, %v", got, err)
		}
		limited := mustSubmit(t, t.Context(), r, asynccore.Job{Timeout: time.Hour}, func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", context.Cause(ctx)
		})
		synctest.Wait()
		limited.Cancel(errGroup)
		if _, err := limited.Wait(t.Context()); err != errGroup {
			t.Errorf("cancelled before its timeout: %v", err)
		}
		background := asynccore.Background(t.Context(), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		background.Cancel(errGroup)
		if _, err := background.Wait(t.Context()); err != errGroup {
			t.Errorf("cancelled in the background: %v", err)
		}
		mustClose(t, r)
	})
}

func TestTaskWaitEnds(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		task := mustSubmit(t, t.Context(), r, asynccore.Job{}, func(ctx context.Context) (int, error) {
			pass(ctx, time.Minute)
			return 1, ctx.Err()
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGroup)
		defer cancel()
		if _, err := task.Wait(ctx); err != errGroup || time.Since(start) != time.Second {
			t.Errorf("Wait: %v after %v", err, time.Since(start))
		}
		if got, err := task.Wait(t.Context()); got != 1 || err != nil || time.Since(start) != time.Minute {
			t.Errorf("Wait: %v, %v after %v", got, err, time.Since(start))
		}
		mustClose(t, r)
	})
}

// Queued tasks resolve when their context ends or the Runner is stopped, and
// when their time in the queue is over.
func TestTaskNeverStarted(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Hour) })
		synctest.Wait()
		never := func(context.Context) (int, error) {
			t.Error("ran")
			return 0, nil
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		byContext := mustSubmit(t, ctx, r, asynccore.Job{}, never)
		byTimeout := mustSubmit(t, t.Context(), r, asynccore.Job{QueueTimeout: time.Second}, never)
		byStop := mustSubmit(t, t.Context(), r, asynccore.Job{QueueTimeout: time.Hour}, never)
		cancel(errGroup)
		if _, err := byContext.Wait(t.Context()); err != errGroup {
			t.Errorf("context: %v", err)
		}
		start := time.Now()
		_, err := byTimeout.Wait(t.Context())
		if timeout, ok := errors.AsType[*asynccore.TimeoutError](err); !ok || timeout.Op != "queue wait" || time.Since(start) != time.Second {
			t.Errorf("timeout: %v after %v", err, time.Since(start))
		}
		errStop := errors.New("stop")
		r.Stop(errStop)
		if _, err := byStop.Wait(t.Context()); err != errStop {
			t.Errorf("stop: %v", err)
		}
		if _, err := asynccore.TrySubmit(t.Context(), r, asynccore.Job{}, never); err != asynccore.ErrClosed {
			t.Errorf("TrySubmit: %v", err)
		}
		mustClose(t, r)
	})
}

// A task that failed and that nobody asked is reported by Close; one that was
// told to end is not.
func TestTaskUncollected(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		fail := func(text string) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				if text == "cancelled" || text == "panic" {
					<-ctx.Done()
				}
				if text == "panic" {
					panic(text)
				}
				return 0, errors.New(text)
			}
		}
		submit := func(text string) *asynccore.Task[int] {
			return mustSubmit(t, t.Context(), r, asynccore.Job{}, fail(text))
		}
		submit("lost")
		waited, asked := submit("waited for"), submit("asked for")
		if _, err := waited.Wait(t.Context()); err == nil {
			t.Error("no error")
		}
		<-asked.Done()
		asked.Result()
		submit("cancelled").Cancel(nil)
		running := submit("cancelled")
		synctest.Wait()
		running.Cancel(nil)
		panics := submit("panic")
		synctest.Wait()
		panics.Cancel(nil)
		mustSubmit(t, t.Context(), r, asynccore.Job{}, func(ctx context.Context) (int, error) {
			pass(ctx, time.Hour)
			return 0, nil
		})
		submit("also cancelled by Stop")
		synctest.Wait()
		r.Stop(nil)
		err := r.Close(t.Context())
		if want := "lost\npanic: panic"; err == nil || err.Error() != want {
			t.Errorf("Close: %v\nwant %s", err, want)
		}
	})
}

// The context of a task ends with it, whether it was looked at before or after.
func TestTaskContextEnds(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{})
		for _, look := range []bool{false, true} {
			fn := func(ctx context.Context) (context.Context, error) {
				if look && ctx.Err() != nil {
					t.Errorf("ended early: %v", ctx.Err())
				}
				return ctx, nil
			}
			ofTask, err := mustSubmit(t, t.Context(), r, asynccore.Job{}, fn).Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ofBackground, err := asynccore.Background(t.Context(), fn).Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if ofTask.Err() != context.Canceled || ofBackground.Err() != context.Canceled {
				t.Errorf("after the task: %v, %v", ofTask.Err(), ofBackground.Err())
			}
		}
		mustClose(t, r)
	})
}

// Jobs that wait for jobs, deeper than there are slots or places in the queue.
func TestTaskNested(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, Queue: 1})
		var (
			mu            sync.Mutex // guards the rest
			running, most int
		)
		work := func() {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
		}
		var count func(ctx context.Context, depth int) (int, error)
		count = func(ctx context.Context, depth int) (int, error) {
			work()
			if depth == 0 {
				return 1, nil
			}
			var tasks [2]*asynccore.Task[int]
			for i := range tasks {
				task, err := asynccore.Submit(ctx, r, asynccore.Job{Key: fmt.Sprint(depth)}, func(ctx context.Context) (int, error) {
					return count(ctx, depth-1)
				})
				if err != nil {
					return 0, err
				}
				tasks[i] = task
			}
			sum := 1
			for _, task := range tasks {
				n, err := task.Wait(ctx)
				if err != nil {
					return 0, err
				}
				sum += n
			}
			if !asynccore.SlotFrom(ctx).Held() {
				t.Error("the slot was lent and not taken back")
			}
			work()
			return sum, nil
		}
		root := mustSubmit(t, t.Context(), r, asynccore.Job{}, func(ctx context.Context) (int, error) { return count(ctx, 5) })
		if got, err := root.Wait(t.Context()); got != 63 || err != nil {
			t.Errorf("%d, %v", got, err)
		}
		mu.Lock()
		if most != 2 {
			t.Errorf("%d jobs worked at once", most)
		}
		mu.Unlock()
		mustClose(t, r)
	})
}

// A wait that ends early has the slot back, however long that takes.
func TestTaskWaitTakesSlotBack(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		outer := mustSubmit(t, t.Context(), r, asynccore.Job{}, func(ctx context.Context) (int, error) {
			task := mustSubmit(t, ctx, r, asynccore.Job{}, func(context.Context) (int, error) {
				time.Sleep(time.Minute)
				return 1, nil
			})
			brief, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			// The task is over by the time that the slot is back.
			if got, err := task.Wait(brief); got != 1 || err != nil || time.Since(start) != time.Minute {
				t.Errorf("Wait: %v, %v after %v", got, err, time.Since(start))
			}
			if !asynccore.SlotFrom(ctx).Held() {
				t.Error("no slot after Wait")
			}
			return 0, nil
		})
		<-outer.Done()
		mustClose(t, r)
	})
}

// What runs in the background of a job does not run on its slot.
func TestBackgroundHasNoSlot(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			task := asynccore.Background(ctx, func(ctx context.Context) (*asynccore.Slot, error) {
				return asynccore.SlotFrom(ctx), nil
			})
			if s, err := task.Wait(ctx); s != nil || err != nil {
				t.Errorf("slot %v, %v", s, err)
			}
		})
		mustClose(t, r)
	})
}

func TestGatherOn(t *testing.T) {
	double := func(i int, d time.Duration) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			pass(ctx, d)
			return 2 * i, ctx.Err()
		}
	}
	var ordered []func(context.Context) (int, error)
	for i := range 5 {
		ordered = append(ordered, double(i, time.Duration(5-i)*time.Second))
	}
	fails := func(context.Context) (int, error) { time.Sleep(1500 * time.Millisecond); return 0, errGroup }
	panics := func(ctx context.Context) (int, error) { <-ctx.Done(); panic("late") }
	never := func(context.Context) (int, error) { panic("ran") }
	ends := func(context.Context) (int, error) { time.Sleep(12 * time.Second); return 7, nil }
	tests := []struct {
		name string
		fns  []func(context.Context) (int, error)
		want []int
		err  string
		took time.Duration
	}{
		{"none", nil, []int{}, "", 0},
		{"ordered", ordered, []int{0, 2, 4, 6, 8}, "", 8 * time.Second},
		{"first failure", []func(context.Context) (int, error){double(1, time.Second), fails, double(3, time.Hour), never},
			[]int{2, 0, 0, 0}, "[1] group cancelled", 1500 * time.Millisecond},
		{"later panic", []func(context.Context) (int, error){fails, panics},
			[]int{0, 0}, "[0] group cancelled\n[1] panic: late", 1500 * time.Millisecond},
		{"panic", []func(context.Context) (int, error){never}, []int{0}, "[0] panic: ran", 0},
		{"caller's context", []func(context.Context) (int, error){double(0, time.Hour), double(1, time.Hour)},
			[]int{0, 0}, "caller", 10 * time.Second},
		{"caller's context too late", []func(context.Context) (int, error){ends, ends}, []int{7, 7}, "", 12 * time.Second},
	}
	for _, tt := range tests {
		for _, nested := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/nested=%v", tt.name, nested), func(t *testing.T) {
				bubble.Test(t, func(t *testing.T) {
					r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, Queue: 2})
					start := time.Now()
					ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("caller"))
					defer cancel()
					check := func(ctx context.Context) {
						got, err := asynccore.GatherOn(ctx, r, asynccore.Job{Key: "k"}, tt.fns...)
						if diff := cmp.Diff(tt.want, got); diff != "" {
							t.Errorf("values (-want +got):\n%s", diff)
						}
						if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
							t.Errorf("error %v, want %q", err, tt.err)
						}
						if took := time.Since(start); took != tt.took {
							t.Errorf("took %v, want %v", took, tt.took)
						}
					}
					if nested {
						done := make(chan struct{})
						err := r.Go(ctx, asynccore.Job{}, func(ctx context.Context) {
							defer close(done)
							check(ctx)
						})
						if err != nil {
							t.Fatal(err)
						}
						<-done
					} else {
						check(ctx)
					}
					mustClose(t, r)
					if !nested && len(tt.fns) > 0 {
						if _, err := asynccore.GatherOn(t.Context(), r, asynccore.Job{}, tt.fns...); !errors.Is(err, asynccore.ErrClosed) {
							t.Errorf("on a closed Runner: %v", err)
						}
					}
				})
			})
		}
	}
}
