//go:build !profile

package main

// profiled runs the program. A build with the tag profile can say where its time
// and memory go; what is released cannot.
func profiled(run func() int) int { return run() }
