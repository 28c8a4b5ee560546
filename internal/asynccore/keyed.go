package asynccore

import (
	"container/list"
	"sync"
)

// keyed is a map of at most max values (0 or less: 4096) that drops what was
// used least recently. The zero value is empty.
type keyed[V any] struct {
	max int

	// mu guards the fields below.
	mu     sync.Mutex
	byKey  map[string]*list.Element // of *keyedEntry[V]
	recent list.List                // used last in front
}

type keyedEntry[V any] struct {
	key   string
	value V
}

// get returns the value of key, made by create if it is new. To make room, the
// oldest value that is spare is dropped, else the oldest.
func (k *keyed[V]) get(key string, spare func(V) bool, create func() V) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.byKey[key]; ok {
		k.recent.MoveToFront(e)
		return e.Value.(*keyedEntry[V]).value
	}
	value := create()
	if k.byKey == nil {
		k.byKey = make(map[string]*list.Element)
	}
	limit := k.max
	if limit <= 0 {
		limit = 4096
	}
	if len(k.byKey) >= limit {
		k.drop(spare)
	}
	k.byKey[key] = k.recent.PushFront(&keyedEntry[V]{key, value})
	return value
}

func (k *keyed[V]) drop(spare func(V) bool) {
	victim := k.recent.Back()
	for e := victim; e != nil; e = e.Prev() {
		if spare(e.Value.(*keyedEntry[V]).value) {
			victim = e
			break
		}
	}
	delete(k.byKey, victim.Value.(*keyedEntry[V]).key)
	k.recent.Remove(victim)
}

// peek returns the value of key without counting as a use.
func (k *keyed[V]) peek(key string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.byKey[key]; ok {
		return e.Value.(*keyedEntry[V]).value, true
	}
	var zero V
	return zero, false
}
