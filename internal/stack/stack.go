// Package stack makes room on a goroutine's stack for all that it is going to
// call, in one step. A goroutine grows from 2 KiB on by doubling, and each time
// all frames are moved: 12 us until a request has a connection, where this takes
// one.
//
// The room is in a frame, which the runtime sees to whenever the function is
// called; only with use, which nobody sets, it is also written to.
package stack

// The stack of the main goroutine, which all packages are initialised on, has 32
// KiB from the first package on. It would come to that by itself, in the midst of
// deep calls, and to move their frames takes the tables of each function on the
// stack, which nothing else needs: 5 % of what a small fetch takes, all told.
func init() { to32K(false) }

// To8K makes a stack of 8 KiB, where the caller's frames take less than 2.
func To8K() { to8K(false) }

// To16K makes a stack of 16 KiB, where the caller's frames take less than 7.
func To16K() { to16K(false) }

//go:noinline
func to8K(use bool) byte {
	if use {
		var room [5 << 10]byte
		return fill(room[:])
	}
	return 0
}

//go:noinline
func to16K(use bool) byte {
	if use {
		var room [8 << 10]byte
		return fill(room[:])
	}
	return 0
}

//go:noinline
func to32K(use bool) byte {
	if use {
		var room [20 << 10]byte
		return fill(room[:])
	}
	return 0
}

func fill(room []byte) (last byte) {
	for i := range room {
		room[i] = byte(i)
	}
	for i := range room {
		last ^= room[i]
	}
	return last
}
