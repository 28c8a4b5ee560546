package main

import (
	"context"
	"os"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
	"github.com/specify-cli/specify/internal/telemetry"
)

// buggyMain is main with a transport that panics for URLs whose path is /bug:
// what scripts run as specify-with-a-bug.
func buggyMain() {
	os.Exit(run(func(spans *telemetry.Telemetry) ops.Connect {
		connect := connector(spans)
		return func(s ops.Settings) (ops.Connection, error) {
			c, err := connect(s)
			c.Fetcher = buggy{c.Fetcher}
			return c, err
		}
	}))
}

type buggy struct{ ops.Fetcher }

func (b buggy) Fetch(ctx context.Context, spec httpx.Exchange, rec *task.Record) error {
	if spec.URL.Path == "/bug" {
		panic("a bug, planted for a test")
	}
	return b.Fetcher.Fetch(ctx, spec, rec)
}
