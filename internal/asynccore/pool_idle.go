package asynccore

import "time"

// reapLater sees to it that the resource just returned is closed when its time
// is up.
func (p *ResourcePool[T]) reapLater() {
	if p.cfg.IdleTimeout <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaper == nil && !p.ending {
		p.reaper = time.AfterFunc(p.cfg.IdleTimeout, p.reap)
	}
}

// reap closes what has been idle for too long and comes back when the next
// resource may be. mu is held throughout, so that a resource which reap does
// not see finds reaper nil in reapLater. Close waits for what it destroys.
func (p *ResourcePool[T]) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reaper = nil
	if p.ending {
		return
	}
	next := time.Duration(-1)
	idle := p.pool.AcquireAllIdle()
	for i := len(idle) - 1; i >= 0; i-- { // as they were: the one used last is on top
		res := idle[i]
		left := p.cfg.IdleTimeout - res.IdleDuration()
		if left <= 0 {
			res.Destroy()
			continue
		}
		if next < 0 || left < next {
			next = left
		}
		res.ReleaseUnused()
	}
	if next >= 0 {
		p.reaper = time.AfterFunc(next, p.reap)
	}
}
