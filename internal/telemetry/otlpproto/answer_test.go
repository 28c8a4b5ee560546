package otlpproto_test

import (
	"bytes"
	"testing"

	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/specify-cli/specify/internal/telemetry/otlpproto"
)

// FuzzRejected reads answers as the protobuf library does, and survives all
// others.
func FuzzRejected(f *testing.F) {
	for _, m := range []*tracecol.ExportTraceServiceResponse{
		{},
		{PartialSuccess: &tracecol.ExportTracePartialSuccess{}},
		{PartialSuccess: &tracecol.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "too old"}},
		{PartialSuccess: &tracecol.ExportTracePartialSuccess{RejectedSpans: -1}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(append(b, b...)) // what comes twice is one
		f.Add(append(b, 0xff)) // what is broken off
		f.Add(append(protowire.AppendTag(b, 9, protowire.Fixed32Type), 1, 2, 3, 4))
		f.Add(append(protowire.AppendTag(b, 9, protowire.Fixed64Type), 1, 2, 3, 4, 5, 6, 7))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		n, reason, err := otlpproto.Rejected(answer)
		if err != nil && (n != 0 || reason != "") {
			t.Errorf("%x: %d %q of what cannot be read", answer, n, reason)
		}
		var want tracecol.ExportTraceServiceResponse
		if proto.Unmarshal(answer, &want) != nil {
			return
		}
		if err != nil {
			if !bytes.ContainsFunc(answer, func(r rune) bool { return r&7 == rune(protowire.StartGroupType) }) {
				t.Errorf("%x: %v", answer, err)
			}
			return
		}
		if p := want.GetPartialSuccess(); n != p.GetRejectedSpans() || reason != p.GetErrorMessage() {
			t.Errorf("%x: %d %q, want %v", answer, n, reason, p)
		}
	})
}
