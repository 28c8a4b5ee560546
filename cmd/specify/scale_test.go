package main

import "os"

// torture asks for the whole form of the tests that kill, starve and flood the
// program: "make torture" sets it.
var torture = os.Getenv("SPECIFY_TORTURE") != ""

// scale is n in the short form of a test and whole in the whole one.
func scale[T any](short, whole T) T {
	if torture {
		return whole
	}
	return short
}
