package direct

import (
	"sync"
	"time"
)

// pool keeps idle connections: at most perHost for an origin, at most total in
// all, none for longer than timeout. Per origin the newest is taken first;
// what must go is the oldest.
type pool struct {
	perHost, total int           // 0 or less: keep none
	timeout        time.Duration // 0: for ever

	// mu guards everything below and the pool's fields of the connections in
	// it. Connections are closed outside of it: TLS writes a goodbye.
	mu             sync.Mutex
	idle           map[origin][]*conn // oldest first
	oldest, newest *conn              // all of idle, linked by age
	count          int
	sweeper        *time.Timer // runs while count > 0 and timeout > 0
	closing        bool        // since closeAll, until the next get
}

// get returns the newest idle connection to o, or nil.
func (p *pool) get(o origin) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = false
	cs := p.idle[o]
	if len(cs) == 0 {
		return nil
	}
	c := cs[len(cs)-1]
	if p.timeout > 0 && time.Since(c.idleSince) >= p.timeout {
		return nil // the sweeper is about to take it, and all that are older
	}
	p.remove(c)
	return c
}

// put keeps c, or closes it when there is no room for it.
func (p *pool) put(c *conn) bool {
	evicted, kept := p.add(c)
	if evicted != nil {
		evicted.close()
	}
	return kept
}

func (p *pool) add(c *conn) (evicted *conn, kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing || p.total <= 0 || len(p.idle[c.origin]) >= p.perHost {
		return c, false
	}
	if p.count >= p.total {
		evicted = p.oldest
		p.remove(evicted)
	}
	if p.idle == nil {
		p.idle = make(map[origin][]*conn)
	}
	c.idleSince = time.Now()
	c.reused = true
	c.link.watch()
	p.idle[c.origin] = append(p.idle[c.origin], c)
	c.older, c.newer = p.newest, nil
	if p.newest != nil {
		p.newest.newer = c
	} else {
		p.oldest = c
	}
	p.newest = c
	p.count++
	if p.timeout > 0 && p.sweeper == nil {
		p.sweeper = time.AfterFunc(p.timeout, p.sweep)
	}
	return evicted, true
}

// remove takes c out. It is the newest or the oldest of its origin, so finding
// it is short. p.mu must be held.
func (p *pool) remove(c *conn) {
	cs := p.idle[c.origin]
	last := len(cs) - 1
	if cs[last] != c {
		copy(cs, cs[1:])
	}
	cs[last] = nil
	if last == 0 {
		delete(p.idle, c.origin)
	} else {
		p.idle[c.origin] = cs[:last]
	}
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		p.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		p.newest = c.older
	}
	c.older, c.newer = nil, nil
	p.count--
}

// sweep closes what has been idle for too long: one timer for the whole pool
// rather than one a connection, which every request would have to reset.
func (p *pool) sweep() {
	p.mu.Lock()
	var old []*conn
	now := time.Now()
	for p.oldest != nil && now.Sub(p.oldest.idleSince) >= p.timeout {
		old = append(old, p.oldest)
		p.remove(p.oldest)
	}
	if p.sweeper != nil {
		p.sweeper.Stop() // another one, when closeAll came while this one waited for the lock
		p.sweeper = nil
	}
	if p.oldest != nil {
		p.sweeper = time.AfterFunc(p.timeout-now.Sub(p.oldest.idleSince), p.sweep)
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// closeAll closes every idle connection, and until the next get also those
// that would become idle.
func (p *pool) closeAll() {
	p.mu.Lock()
	var all []*conn
	for p.oldest != nil {
		all = append(all, p.oldest)
		p.remove(p.oldest)
	}
	if p.sweeper != nil {
		p.sweeper.Stop()
		p.sweeper = nil
	}
	p.closing = true
	p.mu.Unlock()
	for _, c := range all {
		c.close()
	}
}
