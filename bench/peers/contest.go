package main

// contest is programs that do the same work in turn, and what is expected of
// ours.
type contest struct {
	key   string // for -cases
	title string
	per   string // what processor time is told by: "URL", "start"
	runs  []run  // the first is ours, with which the others are compared
	goals []goal
}

// run is one program and its work.
type run struct {
	label  string
	client client
	work   work
	repeat int // how many times it is started; 0 is once
}

// work is a list of URLs. The zero value asks for nothing.
type work struct {
	urls     int
	hosts    int // origins, in turn; 0 is one
	inFlight int
	tls      bool
	http2    bool // over TLS
	slow     bool // each takes 100 ms
	kib      int  // of a body, one of site.Middling; 0 is a small one
	big      bool // the one long body
}

// less is the same with fewer URLs, for what takes long for each. Its figures are
// by the URL, so they remain comparable, up to what starting costs.
func (w work) less(part int) work {
	w.urls = max(w.urls/part, min(w.urls, 20))
	return w
}

// goal is a bound of a figure of a run, or of its ratio to that of another.
type goal struct {
	of      string // label
	what    metric
	against string // label; "" if it is the figure that is bounded
	most    float64
}

// metric is one of a run's figures.
type metric int

const (
	cpu         metric = iota // seconds by the URL or start
	wall                      // seconds by the start
	peak                      // bytes
	connections               // that the server has accepted
	metrics                   // how many there are
)

func (m metric) String() string {
	return [...]string{"CPU", "wall", "peak memory", "connections"}[m]
}
