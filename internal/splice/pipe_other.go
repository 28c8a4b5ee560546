//go:build !linux

package splice

import (
	"errors"
	"syscall"
)

// Pipe is never made here.
type Pipe struct{}

// New returns errors.ErrUnsupported.
func New() (*Pipe, error) { return nil, errors.ErrUnsupported }

// Held returns 0.
func (*Pipe) Held() int64 { return 0 }

// Fill returns errors.ErrUnsupported.
func (*Pipe) Fill(syscall.RawConn, int64) (int64, error) { return 0, errors.ErrUnsupported }

// Drain returns errors.ErrUnsupported.
func (*Pipe) Drain(syscall.Conn, int64) (int64, error) { return 0, errors.ErrUnsupported }

// Close has nothing to do.
func (*Pipe) Close() {}
