package asynccore

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// copyBuffers holds the buffers of Copy. At 1 MiB a copy to a file takes less
// than half the processor time that it takes with io.Copy's 32 KiB.
var copyBuffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

// Copy copies src to dst until io.EOF and returns the bytes written. It stops
// with the cause once ctx is done: between two reads or writes of up to 1 MiB,
// and within one if dst or src has deadlines to set (net.Conn, os.File of a
// pipe). Those are in the past after a cancelled Copy. It closes neither.
func Copy(ctx context.Context, dst io.Writer, src io.Reader) (int64, error) {
	defer wakeOnDone(ctx, dst, src)()
	buf := copyBuffers.Get().(*[1 << 20]byte)
	defer copyBuffers.Put(buf)
	var written int64
	for ctx.Err() == nil {
		n, readErr := src.Read(buf[:])
		if n > 0 {
			w, err := dst.Write(buf[:n])
			written += int64(w)
			if err == nil && w < n {
				err = io.ErrShortWrite
			}
			if err != nil {
				return written, causeOr(ctx, err)
			}
		}
		if readErr == io.EOF {
			return written, nil
		}
		if readErr != nil {
			return written, causeOr(ctx, readErr)
		}
	}
	return written, context.Cause(ctx)
}

// wakeOnDone makes blocked calls of dst and src return once ctx is done, where
// they can be. The function that it returns ends this, and waits for it.
func wakeOnDone(ctx context.Context, dst io.Writer, src io.Reader) (end func()) {
	past := time.Unix(1, 0)
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		// Errors mean that there are no deadlines here (a regular file has
		// none): then the loop sees ctx after the call.
		if d, ok := src.(interface{ SetReadDeadline(time.Time) error }); ok {
			_ = d.SetReadDeadline(past)
		}
		if d, ok := dst.(interface{ SetWriteDeadline(time.Time) error }); ok {
			_ = d.SetWriteDeadline(past)
		}
	})
	return func() {
		if !stop() {
			<-woken
		}
	}
}

// causeOr tells a deadline that wakeOnDone has set from other failures.
func causeOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}
