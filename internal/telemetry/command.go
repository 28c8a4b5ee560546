package telemetry

import (
	"os"

	"github.com/spf13/cobra"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Command runs one command, whose RunE it is called by, in a span named by the
// command's path, such as "specify fetch", with the attributes of the
// conventions for CLI programs; its arguments are not among them. The span is
// below the trace that the environment carries (see Root). run finds it in
// cmd.Context().
func (t *Telemetry) Command(cmd *cobra.Command, run func() error) (err error) {
	if t.off() {
		return run()
	}
	before := cmd.Context()
	ctx, span := t.tracer.Start(t.Root(before), cmd.CommandPath())
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
	cmd.SetContext(ctx)
	defer cmd.SetContext(before)
	err = run()
	returned = true
	return err
}
