package main

import (
	"fmt"

	"github.com/specify-cli/specify/bench/contest"
)

// row is one comparison: ours with one rival, or with a bound.
type row struct {
	name, unit, library string

	ours   float64 // medians
	theirs float64 // 0 if ours is held to a bound
	ratio  float64 // of a round, the median
	most   float64 // target of ratio, or of ours where it is held to a bound; 0 is none
	bound  bool

	misses, rounds int
}

// missed reports whether the medians miss the target.
func (r row) missed() bool {
	if r.bound {
		return r.ours > r.most
	}
	return r.most > 0 && r.ratio > r.most
}

// measure lets all ways of c take turns, round by round, so that what else the
// machine does falls on all of them alike.
func measure(c contest.Case, rounds int) ([]row, error) {
	ways := []contest.Way{c.Ours}
	for _, r := range c.Rivals {
		ways = append(ways, r.Way)
	}
	figures := make([][]float64, len(ways))
	for range rounds {
		for i, way := range ways {
			v, err := way()
			if err != nil {
				return nil, fmt.Errorf("way %d: %w", i, err)
			}
			figures[i] = append(figures[i], v)
		}
	}
	var rows []row
	if c.Bound > 0 {
		rows = append(rows, bounded(c, figures[0]))
	}
	for i, r := range c.Rivals {
		rows = append(rows, against(c, r, figures[0], figures[i+1]))
	}
	return rows, nil
}

func bounded(c contest.Case, ours []float64) row {
	r := row{name: c.Name, unit: c.Unit, ours: median(ours), most: c.Bound, bound: true, rounds: len(ours)}
	for _, v := range ours {
		if v > c.Bound {
			r.misses++
		}
	}
	return r
}

func against(c contest.Case, rival contest.Rival, ours, theirs []float64) row {
	r := row{name: c.Name, unit: c.Unit, library: rival.Name, ours: median(ours), most: rival.Ratio, rounds: len(ours)}
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
		if rival.Ratio > 0 && ratios[i] > rival.Ratio {
			r.misses++
		}
	}
	r.theirs, r.ratio = median(theirs), median(ratios)
	return r
}
