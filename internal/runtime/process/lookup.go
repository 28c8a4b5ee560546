package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

var errNoCommand = errors.New("no command")

// startError tells apart why a program could not be started. The statuses are
// bash's: 127 if there is nothing of that name, 126 for whatever else is
// wrong with the program, and 125 where it is not to blame.
func startError(name, dir string, err error) *StartError {
	e := &StartError{Name: name, Err: err}
	if inner, ok := errors.AsType[*exec.Error](err); ok {
		e.Err = inner.Err
	} else if inner, ok := errors.AsType[*fs.PathError](err); ok {
		e.Err = inner.Err // its path repeats the name
	}
	if dir != "" {
		// exec's ENOENT does not say whether the directory or the program is
		// missing.
		if info, err := os.Stat(dir); err != nil {
			e.Err = err
			return e
		} else if !info.IsDir() {
			e.Err = &fs.PathError{Op: "chdir", Path: dir, Err: syscall.ENOTDIR}
			return e
		}
	}
	switch {
	case name == "":
		e.NotFound, e.Err = true, exec.ErrNotFound
	case errors.Is(e.Err, exec.ErrNotFound):
		if found := inPath(name); found != "" {
			e.NotExecutable, e.Err = true, &fs.PathError{Op: "exec", Path: found, Err: syscall.EACCES}
			break
		}
		e.NotFound = true
	case errors.Is(e.Err, fs.ErrNotExist):
		e.NotFound = true
	case errors.Is(e.Err, exec.ErrDot) || unrunnable(e.Err):
		e.NotExecutable = true
	}
	return e
}

// inPath returns the first file of that name in PATH, for one that was not
// found there: exec.LookPath goes past files that may not be executed.
func inPath(name string) string {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return ""
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

// unrunnable reports whether execve refused the program, rather than fork or
// a limit of ours the start.
func unrunnable(err error) bool {
	for _, refusal := range []syscall.Errno{
		syscall.ENOEXEC, syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP,
		syscall.ENAMETOOLONG, syscall.E2BIG, syscall.ETXTBSY,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return errors.Is(err, fs.ErrPermission)
}
