package telemetry

import (
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAttributes(t *testing.T) {
	tel := &Telemetry{conf: Config{}.withDefaults()}
	secret, err := url.Parse("https://u:SECRET@h/p?sig=SECRET")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]any)
	for _, kv := range tel.attributes([]slog.Attr{
		slog.String("string", "s"),
		slog.Int("int", -1),
		slog.Uint64("uint", 1<<63),
		slog.Float64("float", 0.5),
		slog.Bool("bool", true),
		slog.Duration("duration", 1500*time.Millisecond),
		slog.Time("time", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)),
		slog.Any("url", secret),
		slog.Any("strings", []string{"a", "b"}),
		slog.Any("other", struct{ A int }{1}),
		slog.Any("valuer", valuer{}),
		slog.Group("group", slog.Int("a", 1), slog.Group("", slog.Int("b", 2)), slog.Group("c", slog.Int("d", 3))),
		slog.Int("", 4),
	}) {
		got[string(kv.Key)] = kv.Value.AsInterface()
	}
	want := map[string]any{
		"string": "s", "int": int64(-1), "uint": "9223372036854775808", "float": 0.5, "bool": true,
		"duration": 1.5, "time": "2026-01-02T03:04:05.000000006Z", "url": "https://h/p",
		"strings": []string{"a", "b"}, "other": "{1}", "valuer": "resolved",
		"group.a": int64(1), "group.b": int64(2), "group.c.d": int64(3),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("resolved") }
