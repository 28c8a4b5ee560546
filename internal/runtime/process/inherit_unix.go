//go:build unix

package process

import (
	"os"
	"strconv"
	"sync"
	"syscall"
)

// maxPipe is the most that a pipe holds for a process without privileges
// (Linux: /proc/sys/fs/pipe-max-size; elsewhere 64 KiB).
const maxPipe = 1 << 20

// readNow reads what is in the pipe; 0 or less says that there is nothing, or
// that it has ended. The deadline that has passed does not stop it.
func readNow(f *os.File, p []byte) (n int) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	conn.Control(func(fd uintptr) { // os.Pipe's ends do not block
		for {
			n, err = syscall.Read(int(fd), p)
			if err != syscall.EINTR {
				return
			}
		}
	})
	return n
}

// keepDescriptors sees to it that children get descriptors 0 to 2 only. All
// that Go opens is closed on exec, but not what whoever started us left open
// (a make jobserver, a CI runner's lock or log). Commands in the foreground
// have them: "specify exec -- diff <(a) <(b)" is run for their sake.
var keepDescriptors = sync.OnceFunc(func() {
	names, err := readNames("/dev/fd")
	if err != nil {
		for fd := 3; fd < 1024; fd++ { // without /dev: as far as shells go
			syscall.CloseOnExec(fd)
		}
		return
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
})

func readNames(path string) ([]string, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}
