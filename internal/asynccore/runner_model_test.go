package asynccore_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// modelSlack is the slack of the classes in the order of modelClasses.
var (
	modelClasses = []asynccore.Priority{asynccore.PriorityCritical, asynccore.PriorityHigh, asynccore.PriorityNormal,
		asynccore.PriorityLow, asynccore.PriorityBackground}
	modelSlack = [5]time.Duration{0, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
	modelKeys  = []string{"", "a", "b", "c"}
)

// forever is the end of a refusal that has none.
const forever = time.Duration(math.MaxInt64)

// A gatePolicy is what an Admission decides by. The Runner's and the model's
// share it.
type gatePolicy struct {
	shut  map[string]bool      // nobody is let in, without a time
	most  map[string]int       // slots at once, 0 = any number; more are refused without a time
	until map[string]time.Time // refused until then
}

func (p *gatePolicy) admit(key string, held int, now time.Time) (time.Time, bool) {
	if p.shut[key] || p.most[key] > 0 && held >= p.most[key] {
		return time.Time{}, false
	}
	return p.until[key], !now.Before(p.until[key])
}

// runnerModel is what a Runner does, told by sorting lists of jobs.
type runnerModel struct {
	start    time.Time
	now      time.Duration
	workers  int
	queue    int
	ahead    int
	keyLimit int
	limits   map[string]int
	paused   map[string]time.Duration // until when
	refused  map[string]time.Duration // by Admission: until when, or forever
	policy   gatePolicy
	asked    []string    // questions to Admission since the last check
	jobs     []*modelJob // accepted, by age
	blocked  []*modelJob // submissions that wait for room
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

// full reports whether a submission has to wait. Where a slot is free for a job
// that waits, it is as good as taken.
func (m *runnerModel) full() bool {
	m.refresh()
	room := m.queue
	if m.ahead > 0 && m.inState("parked", "resuming") == 0 && (m.inState("held") > 0 || m.turn() != nil) {
		room = min(room, m.ahead)
	}
	if free := m.workers - m.inState("held"); free > 0 && m.turn() != nil {
		room += free
	}
	return m.inState("queued", "parked", "resuming") >= room
}

func (m *runnerModel) held(key string) int {
	return m.count(func(j *modelJob) bool { return j.key == key && j.state == "held" })
}

func (m *runnerModel) timed(key string) bool {
	return m.paused[key] > m.now || m.refused[key] > m.now && m.refused[key] != forever
}

func (m *runnerModel) eligible(key string) bool {
	limit, set := m.limits[key]
	if !set {
		limit = m.keyLimit
	}
	if key == "" {
		limit = 0
	}
	return m.paused[key] <= m.now && m.refused[key] <= m.now && (limit == 0 || m.held(key) < limit)
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

// refresh takes lanes out of the rounds that are not eligible any more, puts
// those at the end that have become so, and forgets refusals of lanes that are
// gone.
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
	for key := range m.refused {
		if !m.timed(key) && m.count(func(j *modelJob) bool { return j.key == key && (j.waits() || j.state == "held") }) == 0 {
			delete(m.refused, key)
		}
	}
}

// endTurn moves the lane to the end of its round.
func (m *runnerModel) endTurn(class int, key string) {
	if i := slices.Index(m.rounds[class], key); i >= 0 {
		m.rounds[class] = append(slices.Delete(m.rounds[class], i, i+1), key)
	}
}

// unline takes a waiting job out of line without a slot.
func (m *runnerModel) unline(j *modelJob, state string) {
	if m.head(j.class, j.key) == j {
		m.endTurn(j.class, j.key)
	}
	j.state = state
	m.refresh()
}

// giveBack takes the slot from j.
func (m *runnerModel) giveBack(j *modelJob, state string) {
	j.state = state
	m.askAgain(j.key)
	m.refresh()
}

// resume puts j into the lane of key.
func (m *runnerModel) resume(j *modelJob, key string) {
	j.state, j.key = "resuming", key
	m.askAgain(key)
	m.refresh()
}

// askAgain ends a refusal that has no time.
func (m *runnerModel) askAgain(key string) {
	if m.refused[key] == forever {
		delete(m.refused, key)
	}
}

func (m *runnerModel) enqueue(j *modelJob) {
	j.state, j.at = "queued", m.now
	m.jobs = append(m.jobs, j)
	m.refresh()
}

// turn returns the job that is first after adding the slack, of those whose turn
// it is in their class.
func (m *runnerModel) turn() *modelJob {
	var turns []*modelJob
	for class, round := range m.rounds {
		if len(round) > 0 {
			turns = append(turns, m.head(class, round[0]))
		}
	}
	if len(turns) == 0 {
		return nil
	}
	return slices.MinFunc(turns, func(a, b *modelJob) int {
		return cmp.Or(cmp.Compare(a.at+modelSlack[a.class], b.at+modelSlack[b.class]), cmp.Compare(a.class, b.class))
	})
}

func (m *runnerModel) admit(key string, resumed bool) bool {
	if key == "" {
		return true
	}
	m.asked = append(m.asked, fmt.Sprint(key, " ", resumed))
	wall := m.start.Add(m.now)
	until, ok := m.policy.admit(key, m.held(key), wall)
	switch {
	case ok:
	case until.IsZero():
		m.refused[key] = forever
	default:
		m.refused[key] = m.now + max(until.Sub(wall), time.Millisecond)
	}
	m.refresh()
	return ok
}

// grant hands out free slots. It stops at a job that starts: without a worker
// at hand it says that one has to come, with one the worker is busy then.
func (m *runnerModel) grant(worker bool) (hire bool) {
	for m.refresh(); m.inState("held") < m.workers; m.refresh() {
		j := m.turn()
		if j == nil {
			return false
		}
		starts := j.state == "queued"
		if starts && !worker {
			return true
		}
		if !m.admit(j.key, !starts) {
			continue
		}
		m.endTurn(j.class, j.key)
		j.state = "held"
		if starts {
			return false
		}
	}
	return false
}

// letIn accepts blocked submissions as far as there is room.
func (m *runnerModel) letIn() (moved bool) {
	for len(m.blocked) > 0 && !m.full() {
		m.enqueue(m.blocked[0])
		m.blocked = m.blocked[1:]
		moved = true
	}
	return moved
}

// settle does what follows from a change. A worker is at hand when a job has
// ended; else, and for further jobs, one comes after submissions were let in.
func (m *runnerModel) settle(worker bool) {
	if worker {
		m.grant(true)
	}
	for hire := false; ; m.grant(true) {
		hire = m.grant(false)
		if m.letIn() && !hire {
			hire = m.grant(false)
		}
		if !hire {
			return
		}
	}
}

// advance lets the ends of pauses and refusals and the queue timeouts come, one
// after the other.
func (m *runnerModel) advance(to time.Duration) {
	for m.now < to {
		next := to
		for _, ends := range []map[string]time.Duration{m.paused, m.refused} {
			for _, at := range ends {
				if at > m.now {
					next = min(next, at)
				}
			}
		}
		for _, j := range m.jobs {
			if at := j.timesOut(); at > m.now {
				next = min(next, at)
			}
		}
		m.now = next
		for _, j := range m.jobs {
			if j.timesOut() == m.now {
				m.unline(j, "told")
				j.want = &asynccore.TimeoutError{Op: "queue wait", After: j.queueTimeout}
			}
		}
		m.settle(false)
	}
}
