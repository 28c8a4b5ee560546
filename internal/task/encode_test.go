package task

import (
	"testing"
	"time"
)

func TestAppendTimeIsTheLayout(t *testing.T) {
	const layout = "2006-01-02T15:04:05.000Z"
	for _, at := range []time.Time{
		time.UnixMilli(0), time.UnixMilli(1795392824007), time.Unix(1795392824, 999_999_999),
		time.Date(2026, 2, 28, 23, 59, 59, 10e6, time.FixedZone("", -3600)), time.Date(999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := string(appendTime(nil, at)), at.UTC().Format(layout); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}
