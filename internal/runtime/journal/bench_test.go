package journal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// writeRecords makes a results file of n records of the size that a fetch to
// a file gives, about 350 bytes.
func writeRecords(tb testing.TB, path string, n int) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		fmt.Fprintf(w, `{"v":1,"seq":%d,"id":"%032x","outcome":"ok","method":"GET","url":"https://example.com/a/path/%d?q=1","status":200,"protocol":"HTTP/2.0",`+
			`"start":"2026-11-22T17:41:03.120Z","duration":0.41,"attempts":1,"bytes":91,"content_type":"text/plain",`+
			`"timing":{"queue":0.2,"dns":0.01,"connect":0.02},"output":{"path":"example.com/a/path/%d","bytes":%d}}`+"\n", i, i, i, i, i)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkResume(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "out.ndjson")
			writeRecords(b, path, n)
			var heap uint64
			b.ReportAllocs()
			for b.Loop() {
				before := heapInUse()
				var x Index
				j, err := Open(path, Options{Resume: true, Each: func(e Entry) error { x.Add(e); return nil }})
				if err != nil {
					b.Fatal(err)
				}
				if err := j.Close(); err != nil {
					b.Fatal(err)
				}
				heap = heapInUse() - before
				if x.Len() != n {
					b.Fatalf("%d tasks done, want %d", x.Len(), n)
				}
			}
			b.ReportMetric(float64(heap)/(1<<20), "heap-MiB")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	line := []byte(sample)
	b.Run("with=scanner", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			if _, err := decode(line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with=encoding,json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			var record struct {
				ID, Outcome string
				Seq         int64
				Output      *struct {
					Path  string
					Bytes *int64
				}
			}
			if err := json.Unmarshal(line, &record); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkIndexDone(b *testing.B) {
	var x Index
	x.Add(Entry{ID: "a", Outcome: "ok"})
	b.ReportAllocs()
	for b.Loop() {
		x.Done("0123456789abcdef0123456789abcdef")
	}
}

func BenchmarkAppend(b *testing.B) {
	line := []byte(sample)
	b.Run("to=discard", func(b *testing.B) {
		benchmarkAppend(b, NewStream(io.Discard, "discard"), line)
	})
	b.Run("to=file", func(b *testing.B) {
		j, err := Open(filepath.Join(b.TempDir(), "out.ndjson"), Options{})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkAppend(b, j, line)
	})
}

func benchmarkAppend(b *testing.B, j *Journal, line []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if err := j.Append(line); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
