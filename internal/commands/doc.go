// Package commands is the command line of specify: thin cobra commands that
// turn flags and configuration into a request, call one operation, and print.
// What a status code on exit means, what a person sees on standard error and
// how help looks is decided here; what a run does is not.
//
// A reader starts with root.go, then batch.go.
package commands
