package asynccore_test

import (
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

// A modelJob is a job as the model and the Runner know it.
type modelJob struct {
	id           int
	class        int
	key          string
	at           time.Duration // when it was queued
	queueTimeout time.Duration // 0 = none
	group        int           // which context it was submitted with
	state        string        // blocked, queued, held, parked, resuming, told (not started) or done
	want         error         // what it is told, if it is told

	commands chan func(*asynccore.Slot) // obeyed by the real job, which ends when it is closed
	once     sync.Once                  // closes it
	slot     *asynccore.Slot            // nil until the real job has started
	task     *asynccore.Task[int]       // nil if it was submitted by Go
	told     error                      // the cause, if it was told that it would not start
	calls    int                        // of its function
	refusal  error                      // of the submission, where that was blocked
	cancel   context.CancelFunc         // of a pending Acquire
	acquired error                      // the outcome of the last Acquire
}

// end makes the real job return, once it has started.
func (j *modelJob) end() { j.once.Do(func() { close(j.commands) }) }

func (j *modelJob) waits() bool { return j.state == "queued" || j.state == "resuming" }

// timesOut returns when the wait for the first start is over, 0 for never.
func (j *modelJob) timesOut() time.Duration {
	if j.queueTimeout == 0 || j.state != "queued" {
		return 0
	}
	return j.at + j.queueTimeout
}

// run is the function of the real job.
func (j *modelJob) run(ctx context.Context) {
	j.calls++
	s := asynccore.SlotFrom(ctx)
	if !s.Held() {
		j.told = context.Cause(ctx)
		return
	}
	j.slot = s
	for command := range j.commands {
		command(s)
	}
}

// runnerMachine does the same to a Runner and to the model.
type runnerMachine struct {
	runnerModel
	r       *asynccore.Runner
	made    int // jobs, those refused too
	groups  [3]context.Context
	cancels [3]context.CancelCauseFunc

	mu       sync.Mutex // guards policy and the fields below, in Admit and Release
	slots    map[string]int
	question []string
}

var errGroup = errors.New("group cancelled")

func newRunnerMachine(t *rapid.T) *runnerMachine {
	m := &runnerMachine{
		runnerModel: runnerModel{
			start:    time.Now(),
			workers:  rapid.IntRange(1, 4).Draw(t, "workers"),
			queue:    rapid.IntRange(1, 12).Draw(t, "queue"),
			ahead:    rapid.IntRange(0, 12).Draw(t, "ahead"),
			keyLimit: rapid.IntRange(0, 3).Draw(t, "keyLimit"),
			limits:   make(map[string]int),
			paused:   make(map[string]time.Duration),
			refused:  make(map[string]time.Duration),
			policy:   gatePolicy{shut: make(map[string]bool), most: make(map[string]int), until: make(map[string]time.Time)},
		},
		slots: make(map[string]int),
	}
	slack := modelSlack
	m.r = asynccore.NewRunner(asynccore.RunnerConfig{Workers: m.workers, Queue: m.queue, Ahead: m.ahead, KeyLimit: m.keyLimit, Slack: &slack, Admission: m})
	for g := range m.groups {
		m.regroup(t, g)
	}
	return m
}

// abandon ends what a failure leaves behind: the bubble would wait for it, and
// the failure be hidden.
func (m *runnerMachine) abandon() {
	m.r.Stop(nil)
	for _, j := range slices.Concat(m.jobs, m.blocked) {
		j.end()
	}
}

// Admit and Release make the machine the Admission of its Runner.
func (m *runnerMachine) Admit(key string, resumed bool, now time.Time) asynccore.Answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.question = append(m.question, fmt.Sprint(key, " ", resumed))
	until, ok := m.policy.admit(key, m.slots[key], now)
	if ok {
		m.slots[key]++
	}
	return asynccore.Answer{Until: until, OK: ok}
}

func (m *runnerMachine) Release(key string, _ time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots[key]--
}

// between returns a time that no other event has: what comes at one time may do
// so in any order.
func (m *runnerMachine) between(t *rapid.T, seconds int) time.Duration {
	m.made++
	return time.Duration(rapid.IntRange(1, seconds).Draw(t, "seconds"))*time.Second + time.Duration(m.made*7919%1_000_003)
}

func (m *runnerMachine) regroup(t *rapid.T, g int) {
	m.groups[g], m.cancels[g] = context.WithCancelCause(context.Background())
}

// pick draws a job in one of the states.
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

func (m *runnerMachine) key(t *rapid.T) string { return rapid.SampledFrom(modelKeys).Draw(t, "key") }

// newJob draws a job and how to submit it.
func (m *runnerMachine) newJob(t *rapid.T) (*modelJob, asynccore.Job) {
	m.made++
	j := &modelJob{
		id:       m.made,
		class:    rapid.IntRange(0, 4).Draw(t, "class"),
		key:      m.key(t),
		group:    rapid.IntRange(0, len(m.groups)-1).Draw(t, "group"),
		commands: make(chan func(*asynccore.Slot)),
	}
	if rapid.IntRange(0, 3).Draw(t, "impatient") == 3 {
		j.queueTimeout = m.between(t, 30)
	}
	return j, asynccore.Job{Priority: modelClasses[j.class], Key: j.key, QueueTimeout: j.queueTimeout}
}

// submit tries to submit a job, or a task, which is refused when there is no
// room.
func (m *runnerMachine) submit(t *rapid.T) {
	j, job := m.newJob(t)
	full := m.full() || len(m.blocked) > 0
	var err error
	if rapid.Bool().Draw(t, "task") {
		j.task, err = asynccore.TrySubmit(m.groups[j.group], m.r, job, func(ctx context.Context) (int, error) {
			j.run(ctx)
			return j.id, nil
		})
	} else {
		err = m.r.TryGo(m.groups[j.group], job, j.run)
	}
	if full != errors.Is(err, asynccore.ErrQueueFull) || !full && err != nil {
		t.Fatalf("TryGo: %v; the model says full: %v", err, full)
	}
	if !full {
		m.enqueue(j)
		m.settle(false)
	}
}

// block submits a job and waits for room where there is none.
func (m *runnerMachine) block(t *rapid.T) {
	j, job := m.newJob(t)
	ctx := m.groups[j.group]
	if m.full() || len(m.blocked) > 0 {
		j.state = "blocked"
		m.blocked = append(m.blocked, j)
	} else {
		m.enqueue(j)
		m.settle(false)
	}
	j.refusal = errors.New("blocked")
	go func() { j.refusal = m.r.Go(ctx, job, j.run) }() // the bubble waits for it
}

func (m *runnerMachine) end(t *rapid.T) {
	j := m.pick(t, "held", "parked")
	j.end()
	if j.state == "held" {
		m.giveBack(j, "done")
	}
	j.state = "done"
	m.settle(true)
}

func (m *runnerMachine) release(t *rapid.T) {
	j := m.pick(t, "held", "parked")
	j.commands <- (*asynccore.Slot).Release
	if j.state == "held" {
		m.giveBack(j, "parked")
	}
	m.settle(false)
}

func (m *runnerMachine) acquire(t *rapid.T) {
	j, key := m.pick(t, "held", "parked"), m.key(t)
	ctx, cancel := context.WithCancel(context.Background())
	j.cancel = cancel
	j.commands <- func(s *asynccore.Slot) { j.acquired = s.Acquire(ctx, key) }
	if j.state == "held" && j.key == key {
		return
	}
	if j.state == "held" {
		m.giveBack(j, "parked")
	}
	m.resume(j, key)
	m.settle(false)
}

func (m *runnerMachine) cancelAcquire(t *rapid.T) {
	j := m.pick(t, "resuming")
	j.cancel()
	synctest.Wait()
	if !errors.Is(j.acquired, context.Canceled) {
		t.Fatalf("cancelled Acquire returned %v", j.acquired)
	}
	m.unline(j, "parked")
	m.settle(false)
}

// cancelGroup cancels a context that jobs share. Those that wait for a slot for
// the first time hear of it, and so do blocked submissions; those that have
// started are left to their bodies.
func (m *runnerMachine) cancelGroup(t *rapid.T) {
	g := rapid.IntRange(0, len(m.groups)-1).Draw(t, "group")
	m.cancels[g](errGroup)
	m.regroup(t, g)
	for _, j := range m.jobs {
		if j.group == g && j.state == "queued" {
			m.unline(j, "told")
			j.want = errGroup
		}
	}
	synctest.Wait()
	m.blocked = slices.DeleteFunc(m.blocked, func(j *modelJob) bool {
		if j.group == g && j.refusal != errGroup {
			t.Fatalf("blocked submission of job %d: %v", j.id, j.refusal)
		}
		return j.group == g
	})
	m.settle(false)
}

// cancelTask cancels a task, which resolves at once if it is queued.
func (m *runnerMachine) cancelTask(t *rapid.T) {
	j := m.pick(t, "queued", "held", "parked", "resuming")
	if j.task == nil {
		t.Skip("not a task")
	}
	errTask := fmt.Errorf("task %d cancelled", j.id)
	j.task.Cancel(errTask)
	res, ok := j.task.Result()
	if ok != (j.state == "queued") || ok && res.Err != errTask {
		t.Fatalf("cancelled task %d (%s): %v, %v", j.id, j.state, res, ok)
	}
	if ok {
		m.unline(j, "told")
		j.want = errTask
	}
	m.settle(false)
}

func (m *runnerMachine) setWorkers(t *rapid.T) {
	m.workers = rapid.IntRange(1, 5).Draw(t, "workers")
	m.r.SetWorkers(m.workers)
	m.settle(false)
}

func (m *runnerMachine) setKeyLimit(t *rapid.T) {
	key, n := m.key(t), rapid.IntRange(-1, 3).Draw(t, "limit")
	m.r.SetKeyLimit(key, n)
	if n < 0 {
		delete(m.limits, key)
	} else {
		m.limits[key] = n
	}
	m.settle(false)
}

func (m *runnerMachine) pause(t *rapid.T) {
	key, until := m.key(t), m.now-time.Second
	if rapid.IntRange(0, 4).Draw(t, "on") > 0 {
		until = m.now + m.between(t, 20)
	}
	m.r.Pause(key, m.start.Add(until))
	m.paused[key] = until
	m.settle(false)
}

// setPolicy changes what Admission says of a key from now on. Nobody is told.
func (m *runnerMachine) setPolicy(t *rapid.T) {
	key := m.key(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.policy.shut[key] = rapid.IntRange(0, 3).Draw(t, "shut") == 3
	m.policy.most[key] = rapid.IntRange(0, 2).Draw(t, "most")
	m.policy.until[key] = time.Time{}
	if rapid.Bool().Draw(t, "until") {
		m.policy.until[key] = m.start.Add(m.now + m.between(t, 10))
	}
}

func (m *runnerMachine) wake(t *rapid.T) {
	key := m.key(t)
	m.r.Wake(key)
	delete(m.refused, key)
	m.settle(false)
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
	var want, got []string
	for _, j := range m.jobs {
		if j.state == "held" {
			want = append(want, fmt.Sprintf("%d in %q", j.id, j.key))
		}
		if j.slot != nil && j.slot.Held() {
			got = append(got, fmt.Sprintf("%d in %q", j.id, j.slot.Key()))
		}
		m.checkOutcome(t, j)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("slots held (-want +got):\n%s", diff)
	}
	for _, j := range m.blocked {
		if j.calls > 0 || j.refusal == nil {
			t.Fatalf("blocked job %d: %d calls, %v", j.id, j.calls, j.refusal)
		}
	}
	if diff := gocmp.Diff(m.asked, m.question); diff != "" {
		t.Fatalf("questions to Admission (-want +got):\n%s", diff)
	}
	m.asked, m.question = nil, nil
	if diff := gocmp.Diff(m.stats(), m.r.Stats()); diff != "" {
		t.Fatalf("stats (-want +got):\n%s", diff)
	}
}

// checkOutcome looks at what an accepted job has been told, and at its task.
func (m *runnerMachine) checkOutcome(t *rapid.T, j *modelJob) {
	if j.task == nil && j.refusal != nil {
		t.Fatalf("the submission of job %d (%s): %v", j.id, j.state, j.refusal)
	}
	told := j.told
	if j.task != nil {
		res, ok := j.task.Result()
		if ok != (j.state == "told" || j.state == "done") {
			t.Fatalf("task %d (%s) has resolved: %v, %v", j.id, j.state, ok, res)
		}
		if j.state == "done" && res != (asynccore.Result[int]{Value: j.id}) {
			t.Fatalf("task %d ended with %v", j.id, res)
		}
		told = res.Err
	}
	if fmt.Sprint(told) != fmt.Sprint(j.want) {
		t.Fatalf("job %d (%s) was told %v, want %v", j.id, j.state, told, j.want)
	}
	calls := 1
	if j.state == "queued" || j.state == "told" && j.task != nil {
		calls = 0
	}
	if j.calls != calls {
		t.Fatalf("job %d (%s) was called %d times", j.id, j.state, j.calls)
	}
}

func (m *runnerMachine) stats() asynccore.RunnerStats {
	stats := asynccore.RunnerStats{
		Workers: m.workers,
		Running: m.inState("held"),
		Queued:  m.inState("queued"),
		Parked:  m.inState("parked", "resuming"),
		Blocked: len(m.blocked) > 0,
	}
	for _, key := range modelKeys {
		used := m.count(func(j *modelJob) bool { return j.key == key && (j.waits() || j.state == "held") })
		if used > 0 || m.timed(key) {
			stats.Lanes++
		}
	}
	for class := range stats.Waiting {
		stats.Waiting[class] = m.count(func(j *modelJob) bool { return j.class == class && j.state == "queued" })
	}
	return stats
}

// finish closes or stops the Runner while jobs are in every state.
func (m *runnerMachine) finish(t *rapid.T) {
	stop := rapid.Bool().Draw(t, "stop")
	errStop := errors.New("stopped")
	if stop {
		m.r.Stop(errStop)
		synctest.Wait()
		for _, j := range m.jobs {
			switch j.state {
			case "queued":
				j.state, j.want = "told", errStop
				m.checkOutcome(t, j)
			case "resuming":
				if j.acquired != errStop {
					t.Errorf("Acquire of job %d returned %v by Stop", j.id, j.acquired)
				}
			}
		}
	}
	closed := make(chan struct{})
	go func() {
		_ = m.r.Close(context.Background()) // what timed out meanwhile is looked at below
		close(closed)
	}()
	synctest.Wait()
	m.mu.Lock()
	m.policy = gatePolicy{}
	m.mu.Unlock()
	for _, key := range modelKeys {
		m.r.Wake(key)
	}
	synctest.Wait()
	for _, j := range m.blocked {
		if j.refusal != asynccore.ErrClosed || j.calls > 0 {
			t.Fatalf("blocked submission %d: %v, called %d times", j.id, j.refusal, j.calls)
		}
	}
	for _, j := range m.jobs {
		if j.state != "done" && j.state != "told" {
			j.end()
		}
	}
	<-closed
	for _, j := range m.jobs {
		if j.task == nil && j.calls != 1 {
			t.Errorf("job %d was called %d times", j.id, j.calls)
		}
		if j.task != nil {
			if res, ok := j.task.Result(); !ok || (res.Err != nil) != (j.calls == 0) {
				t.Errorf("task %d: %v, %v, called %d times", j.id, res, ok, j.calls)
			}
		}
	}
	for key, n := range m.slots {
		if n != 0 {
			t.Errorf("%d slots of %q were granted and not released", n, key)
		}
	}
	if err := m.r.Close(context.Background()); err != nil {
		t.Errorf("Close when all is collected: %v", err)
	}
	if err := m.r.Go(context.Background(), asynccore.Job{}, nil); err != asynccore.ErrClosed {
		t.Errorf("Go after Close: %v", err)
	}
	for _, cancel := range m.cancels {
		cancel(nil)
	}
}

// Some mistakes need many steps of the right kind: rapid's hundred runs found
// about half of those that were made on purpose.
func TestRunnerModel(t *testing.T) {
	for range 5 {
		rapid.Check(t, runnerModelRun)
	}
}

func runnerModelRun(t *rapid.T) {
	rapid.SyncTest(t, func(t *rapid.T) {
		m := newRunnerMachine(t)
		defer m.abandon()
		t.Repeat(map[string]func(*rapid.T){
			"":              m.check,
			"submit":        m.submit,
			"submit2":       m.submit, // more often than the rest
			"submit3":       m.submit,
			"block":         m.block,
			"block2":        m.block,
			"end":           m.end,
			"end2":          m.end,
			"release":       m.release,
			"acquire":       m.acquire,
			"cancelAcquire": m.cancelAcquire,
			"cancelGroup":   m.cancelGroup,
			"cancelTask":    m.cancelTask,
			"setWorkers":    m.setWorkers,
			"setKeyLimit":   m.setKeyLimit,
			"pause":         m.pause,
			"setPolicy":     m.setPolicy,
			"wake":          m.wake,
			"sleep":         m.sleep,
		})
		m.finish(t)
	})
}
