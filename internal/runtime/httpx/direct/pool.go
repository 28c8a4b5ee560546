package direct

import (
	"maps"
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
	shelves        map[origin]*shelf // empty ones, too, as long as they are not too many
	recent         *shelf            // of shelves, the one looked for last; may be nil
	oldest, newest *conn             // all that are idle, linked by age
	count          int
	sweeper        *time.Timer // runs while count > 0 and timeout > 0
	closing        bool        // since closeAll, until the next get
}

// shelf holds the idle connections to one origin. It stays when it is empty,
// which between a get and a put it mostly is, and its connections know it: what
// is taken from it and put back costs no search, and no memory.
type shelf struct {
	origin
	idle []*conn // oldest first
	gone bool    // from pool.shelves
}

// get returns the connection to o that is now the newest idle one, or nil.
func (p *pool) get(o origin, now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = false
	s := p.known(o)
	if s == nil || len(s.idle) == 0 {
		return nil
	}
	c := s.idle[len(s.idle)-1]
	if p.timeout > 0 && now.Sub(c.idleSince) >= p.timeout {
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
	if p.closing || p.total <= 0 || p.perHost <= 0 {
		return c, false
	}
	if c.shelf == nil || c.shelf.gone {
		c.shelf = p.shelf(c.origin)
	}
	if len(c.shelf.idle) >= p.perHost {
		return c, false
	}
	if p.count >= p.total {
		evicted = p.oldest
		p.remove(evicted)
	}
	c.idleSince = time.Now()
	c.reused = true
	c.link.watch()
	c.shelf.idle = append(c.shelf.idle, c)
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

// shelf returns that of o, a new one if need be. p.mu must be held.
func (p *pool) shelf(o origin) *shelf {
	if s := p.known(o); s != nil {
		return s
	}
	if p.shelves == nil {
		p.shelves = make(map[origin]*shelf)
	}
	if len(p.shelves) > 2*p.total { // half of them are empty
		maps.DeleteFunc(p.shelves, func(_ origin, s *shelf) bool {
			s.gone = len(s.idle) == 0
			return s.gone
		})
	}
	s := &shelf{origin: o}
	p.shelves[o] = s
	return s
}

// known returns the shelf of o, or nil. p.mu must be held.
func (p *pool) known(o origin) *shelf {
	if p.recent == nil || p.recent.origin != o || p.recent.gone {
		p.recent = p.shelves[o]
	}
	return p.recent
}

// remove takes c out. It is the newest or the oldest of its origin, so finding
// it is short. p.mu must be held.
func (p *pool) remove(c *conn) {
	cs := c.shelf.idle
	last := len(cs) - 1
	if cs[last] != c {
		copy(cs, cs[1:])
	}
	cs[last] = nil
	c.shelf.idle = cs[:last]
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
