package report

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// recordsOf plays a run of n tasks before anything is measured.
func recordsOf(b *testing.B, n int) []task.Record {
	records := make([]task.Record, 0, n)
	for rec := range simulated(n) {
		records = append(records, rec)
	}
	return slices.Clip(records)
}

func BenchmarkCollect(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		records := recordsOf(b, n)
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Collect(yield(records...)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Lists of links have as many origins as links.
func BenchmarkCollectManyOrigins(b *testing.B) {
	records := recordsOf(b, 10_000)
	for i := range records {
		records[i].URL = fmt.Sprintf("https://host-%d.example.com/", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Collect(yield(records...)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	r, err := Collect(simulated(100_000))
	if err != nil {
		b.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer, *Report) error{"html": WriteHTML, "junit": WriteJUnit, "markdown": WriteMarkdown} {
		b.Run("format="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
