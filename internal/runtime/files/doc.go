// Package files is where bodies go: standard output, a file that appears whole
// or not at all, or nowhere. Each output counts what it took, so that a record
// tells what was written and not what was read.
package files
