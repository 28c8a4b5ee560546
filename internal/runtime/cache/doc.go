// Package cache keeps bodies between runs: for each request that may be
// repeated, the body that was the answer to it, its validators, and until when
// it is fresh. It is what a batch fetcher needs of RFC 9111 (a private cache)
// and no more: answers with status 200 only, no heuristic freshness, nothing
// stale is ever used without being asked about, and its size has no bound.
//
// A copy is used only when it is whole: what describes it has a checksum, and
// its body is measured when it is found and hashed before it is used. Whatever
// is not as it should be counts as not there. Every file appears by a rename, so
// that any number of processes may share one folder: of two that keep an answer
// to the same request the last one wins.
//
// The folder and all in it is for its owner only. Below it:
//
//	v1/KK/KEY.json    describes a copy; KEY is the request's Key, KK its first two digits
//	v1/KK/KEY-SUM     its body; SUM is the body's SHA-256
//	v1/new/           what is being written; leavings older than a day are swept
//
// A reader starts with policy.go for what is kept and for how long, then
// cache.go.
package cache
