package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/specify-cli/specify/bench/proc"
	"github.com/specify-cli/specify/bench/site"
)

// longest is how long one program may take; the slowest of them take some
// seconds.
const longest = 3 * time.Minute

// result is what a run has used, round by round.
type result struct {
	run
	figures [metrics][]float64
	hidden  bool   // its peak is no more than that of this program, which hides it
	why     string // there are no figures; "" if there are
}

// has reports whether there is a figure of m.
func (r *result) has(m metric) bool {
	return r.why == "" && (m != connections || r.work.urls > 0)
}

func (r *result) median(m metric) float64 { return proc.Median(r.figures[m]) }

// measure lets the runs of c take turns, every second round in the opposite order,
// so that what else the machine does falls on all of them alike.
func (st *stage) measure(ctx context.Context, c contest, rounds int, progress io.Writer) ([]*result, error) {
	results := make([]*result, len(c.runs))
	for i, r := range c.runs {
		results[i] = &result{run: r}
		if lacking := st.lacks(r.client); lacking != "" {
			results[i].why = "skipped: " + lacking + " is not here"
		}
	}
	for round := range rounds {
		for i := range results {
			if round%2 == 1 {
				i = len(results) - 1 - i
			}
			r := results[i]
			if r.why != "" {
				continue
			}
			fmt.Fprintf(progress, "(%s) %s, round %d of %d\n", c.key, r.label, round+1, rounds)
			err := st.once(ctx, r, fmt.Sprintf("%s-%d.list", c.key, i))
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				r.why = "failed: " + err.Error()
			}
		}
	}
	lists, err := filepath.Glob(filepath.Join(st.dir, c.key+"-*.list"))
	for _, list := range lists {
		err = os.Remove(list)
	}
	return results, err
}

// once runs r, as often as it says, and adds a figure of each metric. A program
// that has not asked for every URL is an error: what is not done looks fast.
func (st *stage) once(ctx context.Context, r *result, list string) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	port, times := st.site.Plain, max(r.repeat, 1)
	if r.work.slow {
		port = st.site.Slow
	}
	j, err := st.job(r.run, list)
	if err != nil {
		return err
	}
	c := proc.Command{Args: r.client.args(j), Dir: st.dir, Env: st.environment(), Core: st.core}
	if r.client.stdin {
		c.Stdin = j.list
	}
	before, err := site.Count(port)
	if err != nil {
		return err
	}
	var total proc.Usage
	for range times {
		u, err := proc.Run(ctx, c)
		if err != nil {
			return err
		}
		total.Wall += u.Wall
		total.CPU += u.CPU
		total.Peak = max(total.Peak, u.Peak)
	}
	after, err := site.Count(port)
	if err != nil {
		return err
	}
	seen := after.Minus(before)
	done := int64(times)
	if r.work.urls > 0 && times == 1 {
		done = seen.Requests
	}
	if want := int64(r.work.urls * times); !r.client.open && seen.Requests != want {
		return fmt.Errorf("the server has seen %d requests, the list asks for %d", seen.Requests, want)
	}
	r.figures[cpu] = append(r.figures[cpu], total.CPU.Seconds()/float64(done))
	r.figures[wall] = append(r.figures[wall], total.Wall.Seconds()/float64(times))
	r.hidden = r.hidden || total.Peak <= proc.Floor()
	r.figures[peak] = append(r.figures[peak], float64(total.Peak))
	r.figures[connections] = append(r.figures[connections], float64(seen.Connections))
	return nil
}

// environment is that of every client.
func (st *stage) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + st.dir, "LC_ALL=C",
		"SSL_CERT_FILE=" + st.site.CA, "SSL_CERT_DIR=" + st.site.NoCAs,
	}
}
