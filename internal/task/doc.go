// Package task holds the nouns that every layer shares: the Task that a line
// of input becomes, the Record that a Task ends as (schema specify.result v1),
// the closed list of error types, identities, and the one place where URLs are
// redacted.
//
// Nothing here does any work: no I/O, no clock, no policy. Behaviour stops at
// encoding, decoding, identity and redaction.
//
// A reader starts with task.go and record.go.
package task
