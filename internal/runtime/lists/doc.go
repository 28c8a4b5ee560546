// Package lists reads the lists of tasks that "specify batch" is given: files,
// pipes and standard input, gzip and zstd read through, as a stream of lines
// with their places. One line is in memory at a time.
//
// It knows what a line is (UTF-8, LF or CRLF, at most 1 MiB) and nothing of
// what a line means. It never writes and starts no goroutine.
//
// A reader starts with open.go for Lists, lines.go for what a line is.
package lists
