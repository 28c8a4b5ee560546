package main

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// client is a program and how it is called. Each gets the same URLs, as many in
// flight, one core, an environment with nothing of the user's in it, and the one
// certificate to trust, which it checks (but wrk: it cannot). Where bodies are
// kept, all keep them in memory; elsewhere each throws them away.
//
// What remains unequal, none of it in our favour but the last two:
//   - specify alone writes a record of every URL, to a file in memory;
//   - wrk sends the same bytes over and over for a second, and parses the
//     answer's header only; it is the limit, not a peer;
//   - net/http is a bare Client with as many workers as URLs in flight: no
//     records, no retries, no gate;
//   - curl before 8.16 takes 300 URLs in flight at most, and falls back to 50 if
//     it is asked for more, so it is asked for 300;
//   - aria2c cannot throw bodies away, so it writes them to a folder in memory;
//   - libraries, sockets, cp are no peers either, but how little it could be: see
//     limits.go;
//   - xargs starts a curl for every URL: that is the loop that people write.
type client struct {
	tool  string // the program that must be there; "" is one of ours
	flag  string // that `specify batch` must know, if not ""
	ours  bool   // it is specify
	open  bool   // how many URLs it fetches is its own affair
	stdin bool   // it reads its list from standard input
	entry func(url, output string) string
	args  func(job) []string
}

// job is what a client needs to know when it is started.
type job struct {
	work
	list    string // a file: entry of each URL, or the URLs a line each
	url     string // the first of them
	outputs string // an empty folder, in memory where there is such a thing
	specify string // our program
	self    string // this program, which is net/http too
	ca      string // file with the certificate to trust
	bigSum  string // SHA-256 of the long body, in hex
	bigFile string // that holds it
	linked  string // a program of specify's libraries alone
}

// output is a file for a single body.
func (j job) output() string { return filepath.Join(j.outputs, "body") }

func (j job) batch(more ...string) []string {
	slots := strconv.Itoa(j.inFlight)
	args := []string{j.specify, "batch", "-s", "--file", j.list, "--results", filepath.Join(j.outputs, "results.ndjson"), "--jobs", slots}
	if j.hosts <= 1 {
		args = append(args, "--per-host", slots)
	}
	return append(args, more...)
}

var (
	specifyBatch   = client{ours: true, args: func(j job) []string { return j.batch() }}
	specifyOutputs = client{ours: true, args: func(j job) []string { return j.batch("--output-dir", filepath.Join(j.outputs, "bodies")) }}
	specifyTraced  = client{ours: true, flag: "--trace-file", args: func(j job) []string {
		return j.batch("--trace-file", filepath.Join(j.outputs, "spans.jsonl"))
	}}
	specifyFetch    = client{ours: true, args: func(j job) []string { return []string{j.specify, "fetch", j.url} }}
	specifyVersion  = client{ours: true, args: func(j job) []string { return []string{j.specify, "--version"} }}
	specifyFile     = client{ours: true, args: func(j job) []string { return []string{j.specify, "fetch", "-s", "-o", j.output(), j.url} }}
	specifyVerified = client{ours: true, args: func(j job) []string {
		return []string{j.specify, "fetch", "-s", "-o", j.output(), "--checksum", "sha256:" + j.bigSum, j.url}
	}}
)

var (
	curlParallel = client{tool: "curl", args: curlMany, entry: func(url, _ string) string {
		return fmt.Sprintf("url = %q\noutput = /dev/null\n", url)
	}}
	curlOutputs = client{tool: "curl", args: curlMany, entry: func(url, output string) string {
		return fmt.Sprintf("url = %q\noutput = %q\n", url, output)
	}}
	curlFetch    = client{tool: "curl", args: func(j job) []string { return []string{"curl", "-s", j.url} }}
	curlVersion  = client{tool: "curl", args: func(j job) []string { return []string{"curl", "--version"} }}
	curlFile     = client{tool: "curl", args: func(j job) []string { return []string{"curl", "-s", "-o", j.output(), j.url} }}
	curlVerified = client{tool: "curl", args: func(j job) []string {
		return []string{"sh", "-c", `curl -s -o "$1" "$2" && echo "$3  $1" | sha256sum -c`, "sh", j.output(), j.url, j.bigSum}
	}}
	xargsCurl = client{tool: "curl", stdin: true, args: func(j job) []string {
		return []string{"xargs", "-P", strconv.Itoa(j.inFlight), "-n", "1", "curl", "-s", "-o", "/dev/null", "--cacert", j.ca}
	}}
)

func curlMany(j job) []string {
	return []string{"curl", "-Z", "--parallel-max", strconv.Itoa(min(j.inFlight, 300)), "-s", "--cacert", j.ca, "-K", j.list}
}

var (
	wget2Null    = client{tool: "wget2", args: func(j job) []string { return j.wget2("-O", "/dev/null", "-i", j.list) }}
	wget2Outputs = client{tool: "wget2", args: func(j job) []string { return j.wget2("-P", j.outputs, "-i", j.list) }}
	wget2File    = client{tool: "wget2", args: func(j job) []string { return j.wget2("-O", j.output(), j.url) }}
	aria2        = client{tool: "aria2c", args: func(j job) []string {
		return []string{"aria2c", "-q", "--allow-overwrite=true", "--file-allocation=none", "-j", strconv.Itoa(j.inFlight),
			"-x", "1", "-d", j.outputs, "--ca-certificate=" + j.ca, "-i", j.list}
	}}
	wrk1s = client{tool: "wrk", open: true, args: func(j job) []string {
		return []string{"wrk", "-t", "1", "-c", strconv.Itoa(j.inFlight), "-d", "1s", j.url}
	}}
	bare = barely("net/http")
)

func (j job) wget2(more ...string) []string {
	return append([]string{"wget2", "-q", "--max-threads=" + strconv.Itoa(j.inFlight), "--ca-certificate=" + j.ca}, more...)
}
