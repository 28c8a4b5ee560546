package ops

// deepen makes room on the stack for all that a task calls, in one step. A
// goroutine grows from 2 KiB on by doubling, and each time all frames are moved:
// 12 us until the first request has a connection, where this takes one.
//
// The room is in the frame, which is asked for whenever this is called; only
// with use, which nobody sets, it is also written to.
//
//go:noinline
func deepen(use bool) (last byte) {
	if use {
		var room [8 << 10]byte
		for i := range room {
			room[i] = byte(i)
		}
		for i := range room {
			last ^= room[i]
		}
	}
	return last
}
