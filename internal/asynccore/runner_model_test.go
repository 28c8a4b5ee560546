package asynccore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
)

// modelSlack is the slack of the classes in the order of modelClasses.
var (
	modelClasses = []asynccore.Priority{asynccore.PriorityCritical, asynccore.PriorityHigh, asynccore.PriorityNormal, asynccore.PriorityLow, asynccore.PriorityBackground}
	modelSlack   = [5]time.Duration{0, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
	modelKeys    = []string{"", "a", "b", "c"}
)

// A modelJob is a job as both sides know it.
type modelJob struct {
	id    int // age
	class int
	key   string
	at    time.Duration // when it was queued
	group int           // which context it was submitted with
	state string        // queued, held, parked, resuming, doomed or done

	commands chan func(*asynccore.Slot) // obeyed by the real job, which ends when it is closed
	once     sync.Once                  // closes it
	slot     *asynccore.Slot            // nil until the real job has started
	told     error                      // the cause, if it was told that it would not start
	cancel   context.CancelFunc         // of a pending Acquire
	acquired error                      // the outcome of the last Acquire
}

// end makes the real job return, once it has started.
func (j *modelJob) end() { j.once.Do(func() { close(j.commands) }) }

func (j *modelJob) waits() bool { return j.state == "queued" || j.state == "resuming" }

// runnerModel is what a Runner does, told by sorting lists of jobs.
type runnerModel struct {
	now      time.Duration
	workers  int
	queue    int
	keyLimit int
	limits   map[string]int
	paused   map[string]time.Duration
	jobs     []*modelJob // by age
	rounds   [5][]string // keys of eligible lanes, in the order of their turns
}

func (m *runnerModel) count(match func(*modelJob) bool) (n int) {
	for _, j := range m.jobs {
		if match(j) {
			n++
		}
	}
	return n
}

func (m *runnerModel) inState(states ...string) int {
	return m.count(func(j *modelJob) bool { return slices.Contains(states, j.state) })
}

func (m *runnerModel) full() bool { return m.inState("queued", "parked", "resuming") >= m.queue }

func (m *runnerModel) eligible(key string) bool {
	limit, set := m.limits[key]
	if !set {
		limit = m.keyLimit
	}
	if key == "" {
		limit = 0
	}
	held := m.count(func(j *modelJob) bool { return j.key == key && j.state == "held" })
	return m.paused[key] <= m.now && (limit == 0 || held < limit)
}

// head returns the oldest job of a class that waits in a lane.
func (m *runnerModel) head(class int, key string) *modelJob {
	for _, j := range m.jobs {
		if j.class == class && j.key == key && j.waits() {
			return j
		}
	}
	return nil
}

// refresh takes lanes out of the rounds that are not eligible any more, and
// puts those at the end that have become so.
func (m *runnerModel) refresh() {
	for class := range m.rounds {
		in := func(key string) bool { return m.eligible(key) && m.head(class, key) != nil }
		round := slices.DeleteFunc(m.rounds[class], func(key string) bool { return !in(key) })
		for _, key := range modelKeys {
			if in(key) && !slices.Contains(round, key) {
				round = append(round, key)
			}
		}
		m.rounds[class] = round
	}
}

// endTurn moves the lane to the end of its round.
func (m *runnerModel) endTurn(class int, key string) {
	if i := slices.Index(m.rounds[class], key); i >= 0 {
		m.rounds[class] = append(slices.Delete(m.rounds[class], i, i+1), key)
	}
}

// remove takes a waiting job out of line without a slot.
func (m *runnerModel) remove(j *modelJob, state string) {
	if m.head(j.class, j.key) == j {
		m.endTurn(j.class, j.key)
	}
	j.state = state
	m.refresh()
}

// grant hands out free slots: of the jobs whose turn it is in their class, the
// one that is first after adding the slack.
func (m *runnerModel) grant() {
	m.refresh()
	for m.inState("held") < m.workers {
		var turns []*modelJob
		for class, round := range m.rounds {
			if len(round) > 0 {
				turns = append(turns, m.head(class, round[0]))
			}
		}
		if len(turns) == 0 {
			return
		}
		first := slices.MinFunc(turns, func(a, b *modelJob) int {
			return cmp.Or(cmp.Compare(a.at+modelSlack[a.class], b.at+modelSlack[b.class]), cmp.Compare(a.class, b.class))
		})
		m.endTurn(first.class, first.key)
		first.state = "held"
		m.refresh()
	}
}

// advance lets pauses end one after the other.
func (m *runnerModel) advance(to time.Duration) {
	for {
		next := to
		for _, until := range m.paused {
			if until > m.now {
				next = min(next, until)
			}
		}
		m.now = next
		m.grant()
		if next == to {
			return
		}
	}
}

// runnerMachine does the same to a Runner and to the model.
type runnerMachine struct {
	runnerModel
	r       *asynccore.Runner
	start   time.Time
	groups  [3]context.Context
	cancels [3]context.CancelCauseFunc
}

var errGroup = errors.New("group cancelled")

func newRunnerMachine(t *rapid.T) *runnerMachine {
	m := &runnerMachine{start: time.Now()}
	m.workers = rapid.IntRange(1, 4).Draw(t, "workers")
	m.queue = rapid.IntRange(1, 12).Draw(t, "queue")
	m.keyLimit = rapid.IntRange(0, 3).Draw(t, "keyLimit")
	m.limits = make(map[string]int)
	m.paused = make(map[string]time.Duration)
	slack := modelSlack
	m.r = asynccore.NewRunner(asynccore.RunnerConfig{Workers: m.workers, Queue: m.queue, KeyLimit: m.keyLimit, Slack: &slack})
	for g := range m.groups {
		m.regroup(t, g)
	}
	t.Cleanup(func() { // a failure leaves jobs behind that would hide it
		m.r.Stop(nil)
		for _, j := range m.jobs {
			j.end()
		}
	})
	return m
}

func (m *runnerMachine) regroup(t *rapid.T, g int) {
	m.groups[g], m.cancels[g] = context.WithCancelCause(t.Context())
}

// pick draws a job in one of the states, nil if there is none.
func (m *runnerMachine) pick(t *rapid.T, states ...string) *modelJob {
	var fit []*modelJob
	for _, j := range m.jobs {
		if slices.Contains(states, j.state) {
			fit = append(fit, j)
		}
	}
	if len(fit) == 0 {
		t.Skip("no such job")
	}
	return fit[rapid.IntRange(0, len(fit)-1).Draw(t, "job")]
}

func (m *runnerMachine) submit(t *rapid.T) {
	j := &modelJob{
		id:       len(m.jobs),
		class:    rapid.IntRange(0, 4).Draw(t, "class"),
		key:      rapid.SampledFrom(modelKeys).Draw(t, "key"),
		group:    rapid.IntRange(0, len(m.groups)-1).Draw(t, "group"),
		at:       m.now,
		state:    "queued",
		commands: make(chan func(*asynccore.Slot)),
	}
	full := m.full()
	err := m.r.TryGo(m.groups[j.group], asynccore.Job{Priority: modelClasses[j.class], Key: j.key}, func(ctx context.Context) {
		if !asynccore.SlotFrom(ctx).Held() {
			j.told = context.Cause(ctx)
			return
		}
		j.slot = asynccore.SlotFrom(ctx)
		for command := range j.commands {
			command(j.slot)
		}
	})
	if full != errors.Is(err, asynccore.ErrQueueFull) || !full && err != nil {
		t.Fatalf("TryGo: %v; the model says full: %v", err, full)
	}
	if !full {
		m.jobs = append(m.jobs, j)
	}
}

func (m *runnerMachine) end(t *rapid.T) {
	j := m.pick(t, "held", "parked")
	j.end()
	j.state = "done"
}

func (m *runnerMachine) release(t *rapid.T) {
	j := m.pick(t, "held", "parked")
	j.commands <- (*asynccore.Slot).Release
	j.state = "parked"
}

func (m *runnerMachine) acquire(t *rapid.T) {
	j := m.pick(t, "held", "parked")
	key := rapid.SampledFrom(modelKeys).Draw(t, "key")
	ctx, cancel := context.WithCancel(t.Context())
	j.cancel = cancel
	j.commands <- func(s *asynccore.Slot) { j.acquired = s.Acquire(ctx, key) }
	if j.state == "held" && j.key == key {
		return
	}
	j.state = "parked" // the old lane hears of it first
	m.refresh()
	j.state, j.key = "resuming", key
}

func (m *runnerMachine) cancelAcquire(t *rapid.T) {
	j := m.pick(t, "resuming")
	j.cancel()
	synctest.Wait()
	if !errors.Is(j.acquired, context.Canceled) {
		t.Fatalf("cancelled Acquire returned %v", j.acquired)
	}
	m.remove(j, "parked")
}

// cancelGroup cancels a context that jobs share. Those that wait for a slot for
// the first time hear of it; those that have started are left to their bodies.
func (m *runnerMachine) cancelGroup(t *rapid.T) {
	g := rapid.IntRange(0, len(m.groups)-1).Draw(t, "group")
	m.cancels[g](errGroup)
	m.regroup(t, g)
	synctest.Wait()
	for _, j := range m.jobs {
		if j.group == g && j.state == "queued" {
			if j.told != errGroup {
				t.Fatalf("queued job %d of a cancelled group was told %v", j.id, j.told)
			}
			m.remove(j, "done")
		}
	}
}

func (m *runnerMachine) setWorkers(t *rapid.T) {
	m.workers = rapid.IntRange(1, 5).Draw(t, "workers")
	m.r.SetWorkers(m.workers)
}

func (m *runnerMachine) setKeyLimit(t *rapid.T) {
	key := rapid.SampledFrom(modelKeys).Draw(t, "key")
	n := rapid.IntRange(-1, 3).Draw(t, "limit")
	m.r.SetKeyLimit(key, n)
	if n < 0 {
		delete(m.limits, key)
	} else {
		m.limits[key] = n
	}
}

func (m *runnerMachine) pause(t *rapid.T) {
	key := rapid.SampledFrom(modelKeys).Draw(t, "key")
	until := m.now + time.Duration(rapid.IntRange(-1, 20).Draw(t, "seconds"))*time.Second
	for other, at := range m.paused { // lanes that come back at one time may do so in any order
		if other != key && at == until {
			until += time.Duration(1+slices.Index(modelKeys, key)) * time.Millisecond
		}
	}
	m.r.Pause(key, m.start.Add(until))
	m.paused[key] = until
}

func (m *runnerMachine) sleep(t *rapid.T) {
	d := time.Duration(rapid.IntRange(1, 15).Draw(t, "seconds")) * time.Second
	time.Sleep(d)
	synctest.Wait()
	m.advance(m.now + d)
}

// check compares after each step.
func (m *runnerMachine) check(t *rapid.T) {
	synctest.Wait()
	m.grant()
	var want, got []string
	for _, j := range m.jobs {
		if j.state == "held" {
			want = append(want, fmt.Sprintf("%d in %q", j.id, j.key))
		}
		if j.slot != nil && j.slot.Held() {
			got = append(got, fmt.Sprintf("%d in %q", j.id, j.slot.Key()))
		}
		if j.told != nil && j.state != "done" {
			t.Fatalf("job %d (%s) was told %v", j.id, j.state, j.told)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("slots held (-want +got):\n%s", diff)
	}
	lanes := 0
	for _, key := range modelKeys {
		used := m.count(func(j *modelJob) bool { return j.key == key && (j.waits() || j.state == "held") })
		if used > 0 || m.paused[key] > m.now {
			lanes++
		}
	}
	stats := asynccore.RunnerStats{
		Workers: m.workers,
		Running: m.inState("held"),
		Queued:  m.inState("queued"),
		Parked:  m.inState("parked", "resuming"),
		Lanes:   lanes,
	}
	for class := range stats.Waiting {
		stats.Waiting[class] = m.count(func(j *modelJob) bool { return j.class == class && j.state == "queued" })
	}
	if diff := gocmp.Diff(stats, m.r.Stats()); diff != "" {
		t.Fatalf("stats (-want +got):\n%s", diff)
	}
}

// finish closes or stops the Runner while jobs are in every state.
func (m *runnerMachine) finish(t *rapid.T) {
	stop := rapid.Bool().Draw(t, "stop")
	errStop := errors.New("stopped")
	if stop {
		m.r.Stop(errStop)
		synctest.Wait()
	}
	for _, j := range m.jobs {
		switch {
		case stop && j.state == "queued" && j.told != errStop:
			t.Errorf("queued job %d was told %v by Stop", j.id, j.told)
		case stop && j.state == "resuming" && j.acquired != errStop:
			t.Errorf("Acquire of job %d returned %v by Stop", j.id, j.acquired)
		}
	}
	closed := make(chan error)
	go func() { closed <- m.r.Close(t.Context()) }()
	synctest.Wait()
	for _, j := range m.jobs {
		if j.state != "done" && j.told == nil {
			j.end()
		}
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	for _, j := range m.jobs {
		if j.slot == nil && j.told == nil {
			t.Errorf("job %d was never called", j.id)
		}
	}
	if err := m.r.Go(t.Context(), asynccore.Job{}, nil); err != asynccore.ErrClosed {
		t.Errorf("Go after Close: %v", err)
	}
	for _, cancel := range m.cancels {
		cancel(nil)
	}
}

func TestRunnerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newRunnerMachine(t)
			t.Repeat(map[string]func(*rapid.T){
				"":              m.check,
				"submit":        m.submit,
				"submit2":       m.submit, // more often than the rest
				"submit3":       m.submit,
				"end":           m.end,
				"release":       m.release,
				"acquire":       m.acquire,
				"cancelAcquire": m.cancelAcquire,
				"cancelGroup":   m.cancelGroup,
				"setWorkers":    m.setWorkers,
				"setKeyLimit":   m.setKeyLimit,
				"pause":         m.pause,
				"sleep":         m.sleep,
			})
			m.finish(t)
		})
	})
}
