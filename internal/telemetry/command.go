package telemetry

import (
	"os"

	"github.com/spf13/cobra"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Commands puts the RunE of root and of every command below it into a span
// named by the command's path, such as "specify fetch". It is called once,
// when the tree is whole. The command finds the span in cmd.Context().
func (t *Telemetry) Commands(root *cobra.Command) {
	if t.off() {
		return
	}
	if run := root.RunE; run != nil {
		root.RunE = func(cmd *cobra.Command, args []string) error { return t.command(cmd, args, run) }
	}
	for _, child := range root.Commands() {
		t.Commands(child)
	}
}

// command runs one command in its span, with the attributes of the conventions
// for CLI programs; its arguments are not among them.
func (t *Telemetry) command(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) (err error) {
	ctx, span := t.tracer.Start(cmd.Context(), cmd.CommandPath())
	returned := false
	defer func() {
		if !returned {
			err = errPanic // for the span alone: a panic has no results
		}
		if span.IsRecording() {
			span.SetAttributes(semconv.ProcessExecutableName(executable()), semconv.ProcessPID(os.Getpid()))
			if t.conf.ExitCode != nil {
				span.SetAttributes(semconv.ProcessExitCode(t.conf.ExitCode(err)))
			}
			t.fail(ctx, span, err)
		}
		span.End()
	}()
	before := cmd.Context()
	cmd.SetContext(ctx)
	defer cmd.SetContext(before)
	err = run(cmd, args)
	returned = true
	return err
}
