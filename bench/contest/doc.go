// Package contest holds the cases in which asynccore is measured: the same
// small work done by it and by other libraries, in one process, on ten workers
// and with nothing to do in a job, so that what is left is the library.
//
// What a library cannot do is left out of the work, not held against it: none
// of the others has priorities, lanes, or a queue whose Submit obeys a context.
//
// A reader starts with case.go; each other file is one case of the table that
// bench/ratios prints.
package contest
