// Package journal keeps the results file of a run: it locks the file against
// a second run, reads what an earlier run left there, appends one record a
// line, and reads result files back for reports.
//
// Three promises. A record is one write(2), newline included, by one
// goroutine, in the order of each caller's Appends; a reader may follow the
// file. Nothing that is in the file is ever changed, except that a last line
// which a crash tore off in the middle is cut away. The first failed write is
// final: it closes Failed and every later Append returns it, so that a full
// disk stops a run instead of leaving holes in its results.
//
// The package deals in encoded lines. Of a record (CONTRACT.md section 4) it
// reads v, id, outcome, seq and output; it never encodes one, and it decides
// nothing about what a run does with an earlier result.
//
// A reader starts with journal.go for Open, writer.go for the goroutine that
// writes, resume.go for what counts as torn and what as damaged.
package journal
