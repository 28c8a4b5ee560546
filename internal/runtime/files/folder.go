package files

import (
	"io"
	"io/fs"
	"os"
	"syscall"
)

// folder is where a File and its temporary file live: an *os.Root, or disk.
type folder interface {
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Lstat(name string) (fs.FileInfo, error)
	Rename(from, to string) error
	Remove(name string) error
}

// handle is the part of *os.File that a File uses. Every write tells its
// place, so that nothing depends on where an earlier one has ended.
type handle interface {
	io.WriterAt
	io.ReaderAt
	io.ReaderFrom
	syscall.Conn
	Truncate(size int64) error
	Sync() error
	Close() error
}

// disk is the folder of outputs whose names are whole paths.
type disk struct{}

func (disk) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}
func (disk) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }
func (disk) Rename(from, to string) error           { return os.Rename(from, to) }
func (disk) Remove(name string) error               { return os.Remove(name) }
