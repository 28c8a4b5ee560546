// Package faultserver is an HTTP server that misbehaves on purpose, for tests
// and for trying things by hand. The path of a request names how it is
// answered: "/ok" and "/status/503" are what they say, "/cl-short" promises
// 100 bytes and sends 50, "/flaky/2/a" fails twice and then works.
//
// A Server listens on several ports of 127.0.0.1: plain HTTP/1.1, TLS with good
// and with bad certificates, HTTP/2, a port that never answers, one that
// refuses. It counts what it sees, so that a test can ask how many requests
// arrived, how many were in flight at once, and how they came in bursts.
// Everything is also served as JSON under "/_stats" and the other control
// paths of control.go, for tests that run a binary.
//
// Behaviours is the table of misdeeds, each with the verdict that the RFCs and
// the project's contract want of one attempt. The package never contacts
// anything, never listens beyond the loopback address, and does not know its
// clients.
//
// A reader starts with behaviour.go for the table, http1.go for the way of a
// request, and routes.go for the paths that keep state.
package faultserver
