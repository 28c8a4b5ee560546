package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// fake is a target that notes what is done to it, and when. It must be made
// inside the bubble.
type fake struct {
	start  time.Time
	log    []string
	exited chan struct{}
	obeys  map[string]time.Duration // what makes the command end, and after how long
}

func newFake(obeys map[string]time.Duration) *fake {
	return &fake{start: time.Now(), exited: make(chan struct{}), obeys: obeys}
}

func (f *fake) note(what string) {
	f.log = append(f.log, fmt.Sprintf("%v %s", time.Since(f.start), what))
	if after, ok := f.obeys[what]; ok {
		time.AfterFunc(after, f.exit)
	}
}

func (f *fake) exit() {
	select {
	case <-f.exited:
	default:
		close(f.exited)
	}
}

func (f *fake) forward(sig syscall.Signal) { f.note("forward " + sig.String()) }
func (f *fake) stop(sig syscall.Signal)    { f.note("stop " + sig.String()) }
func (f *fake) kill()                      { f.note("kill") }
func (f *fake) clear()                     { f.note("clear") }

// interrupted is a context's cause that stands for a signal.
type interrupted syscall.Signal

func (i interrupted) Error() string          { return syscall.Signal(i).String() }
func (i interrupted) Signal() syscall.Signal { return syscall.Signal(i) }

func TestWatch(t *testing.T) {
	const ms = time.Millisecond
	full := errors.New("disk full")
	obedient := map[string]time.Duration{"stop terminated": 100 * ms, "stop interrupt": 100 * ms}
	stubborn := map[string]time.Duration{"kill": 0}
	for _, test := range []struct {
		name  string
		obeys map[string]time.Duration
		watch watch
		// When these happen, after the start; 0 is never.
		exits, drains, cancels, sinkFails, signals time.Duration
		cause                                      error
		deadline                                   time.Duration // of the context

		want    error
		wantLog []string
		wantEnd time.Duration
	}{
		{
			name:  "ends by itself",
			exits: 3 * time.Second, drains: 3 * time.Second,
			wantLog: []string{"3s clear"}, wantEnd: 3 * time.Second,
		},
		{
			name:  "ends within its limit",
			watch: watch{limit: 3 * time.Second}, exits: 2 * time.Second, drains: 2 * time.Second,
			wantLog: []string{"2s clear"}, wantEnd: 2 * time.Second,
		},
		{
			name:  "outputs end a little later",
			exits: time.Second, drains: 1200 * ms,
			wantLog: []string{"1.2s clear"}, wantEnd: 1200 * ms,
		},
		{
			name:    "a descendant holds an output",
			exits:   time.Second,
			wantLog: []string{"1.5s kill"}, wantEnd: 1500 * ms,
		},
		{
			name:  "obeys at its limit",
			watch: watch{limit: 5 * time.Second, grace: DefaultGrace}, obeys: obedient, drains: 5100 * ms,
			want: &TimeoutError{Limit: 5 * time.Second}, wantLog: []string{"5s stop terminated", "5.1s kill"}, wantEnd: 5100 * ms,
		},
		{
			name:  "obeys at its limit, a descendant holds an output",
			watch: watch{limit: 5 * time.Second, grace: DefaultGrace}, obeys: obedient,
			want: &TimeoutError{Limit: 5 * time.Second}, wantLog: []string{"5s stop terminated", "5.5s kill"}, wantEnd: 5500 * ms,
		},
		{
			name:  "ignores its limit",
			watch: watch{limit: 5 * time.Second, grace: DefaultGrace}, obeys: stubborn,
			want: &TimeoutError{Limit: 5 * time.Second}, wantLog: []string{"5s stop terminated", "5.5s kill"}, wantEnd: 5500 * ms,
		},
		{
			name:  "a short grace holds for the limit too",
			watch: watch{limit: 5 * time.Second, grace: 200 * ms}, obeys: stubborn,
			want: &TimeoutError{Limit: 5 * time.Second}, wantLog: []string{"5s stop terminated", "5.2s kill"}, wantEnd: 5200 * ms,
		},
		{
			name:  "context canceled",
			watch: watch{grace: DefaultGrace}, obeys: obedient, cancels: time.Second, drains: 1100 * ms,
			want: &CanceledError{Cause: context.Canceled}, wantLog: []string{"1s stop terminated", "1.1s kill"}, wantEnd: 1100 * ms,
		},
		{
			name:  "the context's signal is the one that is sent",
			watch: watch{grace: DefaultGrace}, obeys: obedient, cancels: time.Second, cause: interrupted(syscall.SIGINT), drains: 1100 * ms,
			want: &CanceledError{Cause: interrupted(syscall.SIGINT)}, wantLog: []string{"1s stop interrupt", "1.1s kill"}, wantEnd: 1100 * ms,
		},
		{
			name:  "ignores the end of the context",
			watch: watch{grace: DefaultGrace}, obeys: stubborn, cancels: time.Second, cause: interrupted(syscall.SIGTERM),
			want: &CanceledError{Cause: interrupted(syscall.SIGTERM)}, wantLog: []string{"1s stop terminated", "6s kill"}, wantEnd: 6 * time.Second,
		},
		{
			name:  "an output fails",
			watch: watch{grace: DefaultGrace}, obeys: stubborn, sinkFails: time.Second,
			want: full, wantLog: []string{"1s stop terminated", "1.5s kill"}, wantEnd: 1500 * ms,
		},
		{
			name:  "foreground: nothing is ended after it",
			watch: watch{foreground: true}, exits: time.Second,
			wantEnd: time.Second,
		},
		{
			name:  "foreground: a signal is forwarded, and nothing else",
			watch: watch{foreground: true}, signals: time.Second, cancels: time.Second, cause: interrupted(syscall.SIGINT), exits: time.Hour,
			wantLog: []string{"1s forward interrupt"}, wantEnd: time.Hour,
		},
		{
			name:  "foreground: the deadline holds after a signal",
			watch: watch{foreground: true, grace: DefaultGrace}, obeys: stubborn,
			cancels: time.Second, cause: interrupted(syscall.SIGINT), deadline: 4 * time.Second,
			want: &CanceledError{Cause: context.DeadlineExceeded}, wantLog: []string{"4s stop terminated", "9s kill"}, wantEnd: 9 * time.Second,
		},
		{
			name:  "foreground: the limit holds after a signal",
			watch: watch{foreground: true, limit: 3 * time.Second, grace: DefaultGrace}, obeys: stubborn,
			signals: 3200 * ms, cancels: time.Second, cause: interrupted(syscall.SIGINT),
			want: &TimeoutError{Limit: 3 * time.Second}, wantLog: []string{"3s stop terminated", "3.2s forward interrupt", "3.5s kill"}, wantEnd: 3500 * ms,
		},
		{
			name:  "foreground: what is left of a stopped command is ended",
			watch: watch{foreground: true, limit: time.Second, grace: DefaultGrace}, obeys: obedient,
			want: &TimeoutError{Limit: time.Second}, wantLog: []string{"1s stop terminated", "1.1s kill"}, wantEnd: 1100 * ms,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				f := newFake(test.obeys)
				w := test.watch
				drained := make(chan struct{})
				failed := make(chan error, 1)
				signals := make(chan os.Signal, 1)
				w.target, w.exited, w.drained, w.failed, w.signals = f, f.exited, drained, failed, signals

				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.deadline > 0 {
					var release context.CancelFunc
					ctx, release = context.WithTimeout(ctx, test.deadline)
					defer release()
				}
				later := func(after time.Duration, do func()) {
					if after > 0 {
						timer := time.AfterFunc(after, do)
						t.Cleanup(func() { timer.Stop() })
					}
				}
				later(test.exits, f.exit)
				later(test.drains, func() { close(drained) })
				later(test.cancels, func() { cancel(test.cause) })
				later(test.sinkFails, func() { failed <- full })
				later(test.signals, func() { signals <- syscall.SIGINT })

				got := w.run(ctx)
				if diff := cmp.Diff(fmt.Sprintf("%T %[1]v", test.want), fmt.Sprintf("%T %[1]v", got)); diff != "" {
					t.Errorf("run (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.wantLog, f.log); diff != "" {
					t.Errorf("what was done to the command (-want +got):\n%s", diff)
				}
				if took := time.Since(f.start); took != test.wantEnd {
					t.Errorf("run took %v, want %v", took, test.wantEnd)
				}
			})
		})
	}
}

// A command that has ended by itself was not stopped, whatever else has
// happened by the time that anybody looks.
func TestWatchEndedAlready(t *testing.T) {
	for range 100 { // select chooses at random
		bubble.Test(t, func(t *testing.T) {
			f := newFake(nil)
			f.exit()
			drained := make(chan struct{})
			close(drained)
			failed := make(chan error, 1)
			failed <- errors.New("disk full")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			w := watch{target: f, exited: f.exited, drained: drained, failed: failed, grace: DefaultGrace}
			if err := w.run(ctx); err != nil {
				t.Fatalf("run = %v, want nil", err)
			}
			if diff := cmp.Diff([]string{"0s clear"}, f.log); diff != "" {
				t.Fatalf("what was done to the command (-want +got):\n%s", diff)
			}
		})
	}
}
