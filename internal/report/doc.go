// Package report turns the records of a run into what people and CI systems
// read: a terminal summary, a self-contained HTML page, JUnit XML, Markdown for
// a step summary, and GitHub annotations.
//
// It never opens a file or a connection: Collect reads records from an iterator
// and each Write function writes to the io.Writer that it is given. It decides
// nothing about a run either; it shows what the records say.
//
// Records hold text from servers. Collect makes every string visible (no
// control, bidirectional or other unprintable character is left, see Visible),
// and each writer then escapes what its own format would act on.
//
// A reader starts with collect.go, then row.go for what is kept of a record.
package report
