package task

import (
	"encoding/json"
	"testing"
	"time"
)

// usual is what nearly all records of a run look like.
func usual() Record {
	r := NewRecord(&Task{Seq: 12345, ID: "0123456789abcdef0123456789abcdef", URLs: []string{"https://example.com/some/where/file-1.2.3.tgz"}})
	r.Outcome, r.Status, r.Protocol, r.Start = OK, 200, "HTTP/1.1", time.Date(2026, 11, 22, 17, 41, 3, 120_000_000, time.UTC)
	r.Duration, r.Attempts, r.Bytes, r.ContentType, r.Remote = 31415926, 1, 200, "application/octet-stream", "192.0.2.7:443"
	r.Timing.FirstByte, r.Timing.Transfer = 30*time.Millisecond, 1415926
	return r
}

func BenchmarkRecordAppend(b *testing.B) {
	for name, r := range map[string]Record{"usual": usual(), "full": full()} {
		b.Run("record="+name, func(b *testing.B) {
			buf := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				buf = r.Append(buf[:0])
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkRecordDecode(b *testing.B) {
	r := usual()
	line := r.Append(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		var got Record
		if err := json.Unmarshal(line, &got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContentID(b *testing.B) {
	task := Task{URLs: []string{"https://example.com/some/where/file-1.2.3.tgz"}, Output: "vendor/file.tgz"}
	b.ReportAllocs()
	for b.Loop() {
		ContentID(&task)
	}
}

func BenchmarkRedactURL(b *testing.B) {
	for name, raw := range map[string]string{
		"plain":  "https://example.com/some/where/file-1.2.3.tgz",
		"query":  "https://example.com/search?q=a%20b&page=2&per_page=100&sort=desc#top",
		"secret": "https://u:p@bucket.s3.amazonaws.com/k?X-Amz-Date=20261122T000000Z&X-Amz-Credential=AK%2F20261122&X-Amz-Signature=0123456789abcdef",
	} {
		b.Run("url="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				RedactURL(raw)
			}
		})
	}
}
