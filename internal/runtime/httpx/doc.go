// Package httpx makes HTTP requests that tell the truth: one Client.Fetch is
// one task, with its retries, redirects, timeouts and the gate of every origin
// that it touches, and its result is in the task's record.
//
// The layers, outermost first, each in the file of its name:
//
//	fetch      one task: request, retries, body, record
//	└ retry      go-retryablehttp decides nothing: our CheckRetry and PrepareRetry do
//	  └ redirect   http.Client follows; credentials stay with their origin
//	    └ gate       slot, concurrency limit, pause, rate and breaker of the hop's origin
//	      └ attempt    timeouts that do not run while the task waits; timing
//	        └ span       one CLIENT span an attempt, put in by the caller
//	          └ transport  the direct one or http.Transport, by the way that the
//	                       packages route and direct make: denied addresses, proxies
//
// The package never prints, never retries what RFC 9110 §9.2.2 does not allow
// unless asked to, and never returns ok for a body that it did not see whole.
//
// A reader starts with fetch.go, then gate.go.
package httpx
