package process

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// processes reads the table of processes from /proc.
func processes() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var table []process
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := lookUp(pid); ok {
				table = append(table, p)
			}
		}
	}
	return table
}

// lookUp reads one entry; ok is false if there is no such process.
func lookUp(pid int) (p process, ok bool) {
	// Plain system calls: os.ReadFile takes three times as long, and a machine
	// has hundreds of processes.
	fd, err := syscall.Open("/proc/"+strconv.Itoa(pid)+"/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return process{}, false
	}
	defer syscall.Close(fd)
	var stat [1024]byte // the fields that count end before
	n, err := syscall.Read(fd, stat[:])
	if err != nil {
		return process{}, false
	}
	return parseStat(pid, stat[:n])
}

// parseStat reads /proc/PID/stat, "pid (comm) state ppid pgrp session ...
// starttime(22) ..." (proc(5)). comm may hold anything, also ") ".
func parseStat(pid int, stat []byte) (process, bool) {
	p := process{pid: pid}
	field := 2
	for text := range bytes.FieldsSeq(stat[bytes.LastIndexByte(stat, ')')+1:]) {
		field++
		number, _ := strconv.ParseInt(string(text), 10, 64)
		switch field {
		case 3:
			p.dead = text[0] == 'Z' || text[0] == 'X'
		case 4:
			p.parent = int(number)
		case 6:
			p.session = int(number)
		case 22:
			p.start = number
			return p, true
		}
	}
	return process{}, false
}
