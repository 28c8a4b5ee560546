package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/specify-cli/specify/bench/site"
)

func TestMain(m *testing.M) {
	site.Serve()
	serveAsBare()
	os.Exit(m.Run())
}

// A short form of all contests: every program that is here fetches all that its list
// asks for, and each figure is there.
func TestContests(t *testing.T) {
	st, err := setUp(200, 1<<20)
	t.Cleanup(func() {
		if err := st.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	short := size{
		urls: 200, inFlight: 10, many: 20, hosts: 20, perHost: 3, slow: 40, slots: 20, crowd: 40,
		starts: 2, growth: []int{100, 300}, origins: []int{10, 100},
	}
	for _, c := range contests(short) {
		t.Run(c.key, func(t *testing.T) {
			results, err := st.measure(t.Context(), c, 2, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				switch {
				case strings.HasPrefix(r.why, "skipped"):
					t.Logf("%s: %s", r.label, r.why)
				case r.why != "":
					t.Errorf("%s: %s", r.label, r.why)
				case r.median(cpu) <= 0 || r.median(wall) <= 0 || r.median(peak) <= 0:
					t.Errorf("%s: a figure is missing: %v", r.label, r.figures)
				}
			}
			for _, v := range judge(c, results) {
				_, of := find(results, v.of)
				against, named := find(results, v.against)
				if !of || v.against != "" && !named {
					t.Errorf("goal %v is about a run that is not there", v.cells())
				}
				if skipped := against != nil && against.why != ""; !v.measured && !skipped {
					t.Errorf("goal %v was not measured", v.cells())
				}
			}
			var table strings.Builder
			printContest(&table, c, results)
			t.Log(table.String())
		})
	}
}

func find(results []*result, label string) (*result, bool) {
	for _, r := range results {
		if r.label == label {
			return r, true
		}
	}
	return nil, false
}

// A program that fetches less than its list, or fails, has no figures.
func TestNothingForLess(t *testing.T) {
	st, err := setUp(200, 1)
	t.Cleanup(func() { st.close() })
	if err != nil {
		t.Fatal(err)
	}
	w := work{urls: 5, inFlight: 2}
	c := contest{key: "x", per: "URL", runs: []run{
		{"one of five", specifyFetch, w, 0},
		{"no such flag", client{args: func(j job) []string { return []string{j.specify, "--what"} }}, w, 0},
		{"not installed", client{tool: "no-such-program"}, w, 0},
		{"all", bare, w, 0},
	}, goals: []goal{
		{"all", connections, "", 2},
		{"all", connections, "", 0},
		{"all", cpu, "one of five", 1},
	}}
	results, err := st.measure(t.Context(), c, 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"seen 1 requests, the list asks for 5", "unknown flag", "no-such-program is not here", ""} {
		if why := results[i].why; !strings.Contains(why, want) || (why == "") != (want == "") {
			t.Errorf("%s: %q, want %q", results[i].label, why, want)
		}
	}
	var table strings.Builder
	if missed := printVerdicts(&table, judge(c, results)); missed != 1 {
		t.Errorf("%d goals missed, want the second alone:\n%s", missed, &table)
	}
	if !strings.Contains(table.String(), "not measured") {
		t.Errorf("the third goal was not to be measured:\n%s", &table)
	}
}
