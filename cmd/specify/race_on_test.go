//go:build race

package main

// raced says that the program runs under the race detector, which multiplies its
// memory.
const raced = true
