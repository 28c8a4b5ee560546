// Package proc runs whole programs and tells what each has cost, as the
// operating system has counted it: wall-clock time, processor time, peak memory.
//
// A reader starts with run.go.
package proc
