package journal

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestDevFull(t *testing.T) {
	j, err := Open("/dev/full", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(record(0, 0)); err != nil {
		t.Fatal(err)
	}
	<-j.Failed()
	for _, err := range []error{j.Append(record(1, 0)), j.Err(), j.Close()} {
		if failure, ok := errors.AsType[*WriteError](err); !ok || failure.Path != "/dev/full" || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v, want a *WriteError of ENOSPC", err)
		}
	}
}

// On a pipe in packet mode (pipe(2), O_DIRECT) every read returns what one
// write(2) wrote: the kernel's own count of our calls.
func TestOneSystemCallEach(t *testing.T) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_DIRECT|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	defer r.Close()
	j := NewStream(w, "pipe")
	const records = 500
	go func() { // ends when the loop below has read everything
		for i := range records {
			if err := j.Append(record(i, i)); err != nil {
				t.Error(err)
			}
		}
		if err := errors.Join(j.Close(), w.Close()); err != nil {
			t.Error(err)
		}
	}()
	packet := make([]byte, 4096)
	for i := range records {
		n, err := r.Read(packet)
		if err != nil || string(packet[:n]) != string(record(i, i)) {
			t.Fatalf("packet %d is %q, %v", i, packet[:n], err)
		}
	}
	if n, err := r.Read(packet); n != 0 {
		t.Errorf("one packet too many: %q, %v", packet[:n], err)
	}
}
