// Package lists reads the lists of tasks that "specify batch" is given: files,
// standard input and arguments, as a stream of lines with their places, one
// line in memory at a time.
//
// It knows what a line is (UTF-8, LF or CRLF, at most 1 MiB) and nothing of
// what a line means.
package lists
