//go:build !linux

package splice

import "errors"

// Pipe is never made here.
type Pipe struct{}

// New returns errors.ErrUnsupported.
func New() (*Pipe, error) { return nil, errors.ErrUnsupported }

// Held returns 0.
func (*Pipe) Held() int64 { return 0 }

// Fill returns errors.ErrUnsupported.
func (*Pipe) Fill(Conn, int64) (int64, error) { return 0, errors.ErrUnsupported }

// Drain returns errors.ErrUnsupported.
func (*Pipe) Drain(File, int64) (int64, error) { return 0, errors.ErrUnsupported }

// Close has nothing to do.
func (*Pipe) Close() {}
