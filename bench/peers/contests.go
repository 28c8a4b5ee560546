package main

import (
	"fmt"
	"strings"
)

// size is how much work there is.
type size struct {
	urls     int
	inFlight int
	many     int   // in flight where it is many
	hosts    int   // TLS hosts
	perHost  int   // URLs on each
	slow     int   // URLs that take 100 ms
	slots    int   // of them in flight
	crowd    int   // in flight of a list of them five times as long
	starts   int   // of a process, for one figure
	growth   []int // lists, each longer than the one before
	origins  []int // for the second of those lists
}

var full = size{
	urls: 100_000, inFlight: 50, many: 500, hosts: 250, perHost: 10, slow: 10_000, slots: 1000, crowd: 10_000,
	starts: 100, growth: []int{10_000, 100_000}, origins: []int{100, 10_000},
}

// contests are all of them. Their goals are this project's own; what a peer's line
// leaves out, and why that is fair, stands in clients.go.
func contests(s size) []contest {
	return []contest{
		traced(s, small("a", work{urls: s.urls, inFlight: s.inFlight}, 0.40, 1.0, 2.0)),
		small("b", work{urls: s.urls, inFlight: s.many}, 0.40, 0.65, 2.4),
		small("c", work{urls: s.urls, inFlight: s.inFlight, tls: true}, 0.40, 0, 0),
		hosts(s), slow(s), long(), startup(s), growth(s), extras(s),
		http2(s), middling("k", s, 10, 2), middling("l", s, 1024, 100),
	}
}

// small is many small bodies from one origin. A goal of 0 is none.
func small(key string, w work, curl, wget2, wrk float64) contest {
	over := "plain HTTP"
	if w.tls {
		over = "TLS"
	}
	c := contest{
		key: key, per: "URL", title: fmt.Sprintf("%d small bodies over %s, %d in flight", w.urls, over, w.inFlight),
		runs: []run{
			{"specify", specifyBatch, w, 0},
			{"curl -Z", curlParallel, w, 0},
			{"wget2", wget2Null, w, 0},
			{"aria2c", aria2, w.less(5), 0},
			{"xargs curl", xargsCurl, w.less(100), 0},
			{"net/http", bare, w, 0},
			{"wrk", wrk1s, w, 0},
		},
		goals: []goal{{"specify", connections, "", float64(w.inFlight)}},
	}
	if !w.tls {
		c.runs = append(c.runs, run{"libraries", barely("libraries"), w, 0}, run{"sockets", barely("sockets"), w, 0})
		c.goals = append(c.goals, memory(w))
	}
	for _, g := range []goal{{"specify", cpu, "curl -Z", curl}, {"specify", cpu, "wget2", wget2}, {"specify", cpu, "wrk", wrk}} {
		if g.most > 0 {
			c.goals = append(c.goals, g)
		}
	}
	return c
}

// memory is the goal for the peak of a list: 24 MiB with 50 in flight, and 40 KiB
// for each more.
func memory(w work) goal {
	return goal{"specify", peak, "", float64(24<<20 + max(0, w.inFlight-50)*40<<10)}
}

// traced adds to c what it takes to record a span for each task and attempt.
func traced(s size, c contest) contest {
	c.runs = append(c.runs, run{"specify --trace-file", specifyTraced, work{urls: s.urls, inFlight: s.inFlight}, 0})
	c.goals = append(c.goals, goal{"specify --trace-file", cpu, "curl -Z", 0.8})
	return c
}

// fourOn is w by the programs that can do every list.
func fourOn(w work) []run {
	return []run{
		{"specify", specifyBatch, w, 0},
		{"curl -Z", curlParallel, w, 0},
		{"wget2", wget2Null, w, 0},
		{"net/http", bare, w, 0},
	}
}

func hosts(s size) contest {
	w := work{urls: s.hosts * s.perHost, hosts: s.hosts, tls: true, inFlight: s.inFlight}
	return contest{
		key: "d", per: "URL", title: fmt.Sprintf("%d URLs on %d TLS hosts, %d in flight", w.urls, w.hosts, w.inFlight),
		runs:  fourOn(w),
		goals: []goal{{"specify", cpu, "curl -Z", 0.10}, {"specify", connections, "", float64(s.hosts)}},
	}
}

func slow(s size) contest {
	w := work{urls: s.slow, slow: true, inFlight: s.slots}
	crowd := work{urls: 5 * s.slow, slow: true, inFlight: s.crowd}
	least := float64(s.slow) / float64(s.slots) * 0.1 // seconds, if nothing but the answers took time
	return contest{
		key: "e", per: "URL", title: fmt.Sprintf("%d URLs that take 100 ms each, %d in flight: %.1f s at best", w.urls, w.inFlight, least),
		runs: append(fourOn(w),
			run{fmt.Sprintf("specify, %d in flight", s.crowd), specifyBatch, crowd, 0},
			run{fmt.Sprintf("net/http, %d in flight", s.crowd), bare, crowd, 0},
		),
		goals: []goal{{"specify", wall, "", 1.2 * least}, {"specify", connections, "", float64(s.slots)}, memory(w)},
	}
}

func long() contest {
	w := work{urls: 1, big: true, inFlight: 1}
	return contest{
		key: "f", per: "URL", title: "one long body to a file in memory",
		runs: []run{
			{"specify", specifyFile, w, 0},
			{"curl", curlFile, w, 0},
			{"wget2", wget2File, w, 0},
			{"aria2c", aria2, w, 0},
			{"cp", copied, work{}, 0},
			{"specify, sha256", specifyVerified, w, 0},
			{"curl, then sha256sum", curlVerified, w, 0},
		},
		goals: []goal{
			{"specify", cpu, "curl", 0.6}, {"specify", wall, "curl", 0.6},
			{"specify, sha256", cpu, "curl", 1.0}, {"specify, sha256", wall, "curl", 1.0},
		},
	}
}

func startup(s size) contest {
	w := work{urls: 1, inFlight: 1}
	return contest{
		key: "g", per: "start", title: "one small body, the whole process",
		runs: []run{
			{"specify fetch", specifyFetch, w, s.starts},
			{"curl", curlFetch, w, s.starts},
			{"wget2", wget2Null, w, s.starts},
			{"libraries", linked, w, s.starts},
			{"specify --version", specifyVersion, work{}, s.starts},
			{"curl --version", curlVersion, work{}, s.starts},
		},
		goals: []goal{
			{"specify fetch", wall, "curl", 0.7}, {"specify fetch", cpu, "curl", 0.7},
			{"specify --version", wall, "curl --version", 4.0 / 7},
		},
	}
}

// growth is our own: what a longer list, and more origins, add.
func growth(s size) contest {
	c := contest{key: "h", per: "URL", title: "growth, from one origin where nothing else is said", goals: []goal{{longer(s.growth[1]), peak, "", 24 << 20}}}
	for _, n := range s.growth {
		c.runs = append(c.runs, run{longer(n), specifyBatch, work{urls: n, inFlight: s.inFlight}, 0})
	}
	list := work{urls: s.growth[1], inFlight: s.inFlight}
	c.runs = append(c.runs, run{"sockets", barely("sockets"), list, 0})
	first, last := longer(s.growth[0]), longer(s.growth[len(s.growth)-1])
	c.goals = append(c.goals, goal{last, cpu, first, 1.1})
	if len(s.growth) > 2 {
		c.goals = append(c.goals, goal{last, peak, longer(s.growth[1]), 1.1})
	}
	for _, n := range s.origins {
		w := list
		w.hosts = n
		c.runs = append(c.runs, run{wider(n), specifyBatch, w, 0}, run{"sockets" + strings.TrimPrefix(wider(n), "..."), barely("sockets"), w, 0})
	}
	c.goals = append(c.goals, goal{wider(s.origins[len(s.origins)-1]), cpu, longer(s.growth[1]), 1.4})
	return c
}

func longer(urls int) string { return fmt.Sprintf("%d URLs", urls) }

func wider(origins int) string { return fmt.Sprintf("... on %d origins", origins) }

// extras is what more is asked of a batch than its records.
func extras(s size) contest {
	w := work{urls: s.urls, inFlight: s.inFlight}.less(10)
	return contest{
		key: "i", per: "URL", title: fmt.Sprintf("%d small bodies, each to a file of its own in memory", w.urls),
		runs: []run{
			{"specify --output-dir", specifyOutputs, w, 0},
			{"curl -Z", curlOutputs, w, 0},
			{"wget2", wget2Outputs, w, 0},
			{"aria2c", aria2, w.less(5), 0},
			{"specify, no bodies kept", specifyBatch, w, 0},
		},
	}
}

func http2(s size) contest {
	w := work{urls: s.urls, inFlight: s.inFlight, http2: true}
	return contest{
		key: "j", per: "URL", title: fmt.Sprintf("%d small bodies over HTTP/2, %d in flight", w.urls, w.inFlight),
		runs: fourOn(w),
	}
}

// middling is bodies of so many KiB each, in a list that many times shorter.
func middling(key string, s size, kib, shorter int) contest {
	w := work{urls: s.urls, inFlight: s.inFlight, kib: kib}.less(shorter)
	return contest{
		key: key, per: "URL", title: fmt.Sprintf("%d bodies of %d KiB over plain HTTP, %d in flight", w.urls, kib, w.inFlight),
		runs: fourOn(w),
	}
}
