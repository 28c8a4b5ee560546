// Package ops decides what each command of specify does: tasks from lines,
// their identities, their order, what counts as success, and what a run amounts
// to. An operation is a struct with the small interfaces that it needs and one
// Run method; adapters from internal/runtime are put in by cmd/specify.
//
// There is no I/O here: no files, no sockets, no processes, no environment.
//
// A reader starts with batch.go.
package ops
