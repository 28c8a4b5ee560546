package asynccore

// spareLanes is how many freed lanes a Runner keeps for the next keys, half a
// megabyte: with more origins than that, each job has a lane to itself for a
// short time, and making one costs as much as the rest of the job.
const spareLanes = 1024

// lane returns the lane of key and makes it if need be. The caller holds r.mu.
func (r *Runner) lane(key string) *lane {
	old := r.recent
	if old != nil && old.key == key { // spares the map, 9 % of a job that does nothing
		return old
	}
	l := r.lanes[key]
	if l == nil {
		l = r.newLane(key)
	}
	// One lane is kept without jobs, or a caller that waits for each of its jobs
	// before the next would make one a job.
	r.recent = l
	if old != nil && old.idle() {
		r.free(old)
	}
	return l
}

func (r *Runner) newLane(key string) *lane {
	var l *lane
	if n := len(r.spare); n > 0 {
		l, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		l = &lane{timed: -1}
		for rank := range l.bands {
			l.bands[rank].lane, l.bands[rank].rank = l, uint8(rank)
		}
	}
	l.key, l.limit = key, r.limit(key)
	r.lanes[key] = l
	return l
}

// limit returns how many slots key may hold at once, 0 for any number.
func (r *Runner) limit(key string) int {
	if key == "" {
		return 0
	}
	if n, ok := r.limits[key]; ok {
		return n
	}
	return r.keyLimit
}

// line puts e into the lane of key. The caller holds r.mu.
func (r *Runner) line(e *jobEntry, key string) {
	l := r.lane(key)
	b := &l.bands[e.rank]
	e.lane = l
	l.waiting++
	alone := b.empty()
	b.add(e)
	if e.state == slotResuming && l.refused == never {
		l.refused = 0 // Admission may have been asked about a job that starts
	}
	if !l.ready {
		r.refresh(l)
	} else if alone {
		r.enter(b)
	}
}

// unline takes e, which goes without a slot, out of its lane. When the job
// whose turn it was goes, its lane goes to the end of the round: otherwise a
// young job could inherit the place and hold up the class (see due). The
// caller holds r.mu.
func (r *Runner) unline(e *jobEntry) {
	l, b := e.lane, &e.lane.bands[e.rank]
	first := b.head() == e
	b.remove(e)
	l.waiting--
	e.lane, e.more().key = nil, l.key
	if l.ready && (first || b.empty()) {
		r.leave(b)
		if !b.empty() {
			r.enter(b)
		}
	}
	r.refresh(l)
}

// take removes e, the pick of b, which gets a slot, and ends the turn of b.
// The caller holds r.mu.
func (r *Runner) take(b *band, e *jobEntry) {
	b.remove(e)
	l := b.lane
	l.waiting--
	l.running++
	if b.empty() {
		r.leave(b)
	} else if q := &r.rings[b.rank]; q.front == b {
		q.front = b.next
	}
	if !l.eligible() {
		r.refresh(l)
	}
}

// refresh brings l into the rings or out of them, as its state asks, and frees
// it when nothing is left of it. The caller holds r.mu.
func (r *Runner) refresh(l *lane) {
	if ready := l.eligible(); ready != l.ready {
		l.ready = ready
		for rank := range l.bands {
			b := &l.bands[rank]
			switch {
			case b.empty(): // and so in no ring
			case ready:
				r.enter(b)
			default:
				r.leave(b)
			}
		}
	}
	if !l.idle() {
		return
	}
	l.refused, l.newest = 0, false // a refusal without a time: the next job asks anew
	if l != r.recent {
		r.free(l)
	}
}

// free forgets l, which is idle.
func (r *Runner) free(l *lane) {
	delete(r.lanes, l.key)
	if len(r.spare) == spareLanes {
		return
	}
	l.key, l.limit = "", 0
	for rank := range l.bands {
		l.bands[rank].resumed = nil // it may have grown
	}
	r.spare = append(r.spare, l)
}

func (r *Runner) enter(b *band) {
	r.rings[b.rank].push(b)
	r.ready |= 1 << b.rank
}

func (r *Runner) leave(b *band) {
	q := &r.rings[b.rank]
	q.remove(b)
	if q.front == nil {
		r.ready &^= 1 << b.rank
	}
}
