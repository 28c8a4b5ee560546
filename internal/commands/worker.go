package commands

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
)

func newWorker(o Ops, w World) *cobra.Command {
	var (
		f       settingsFlags
		c       common
		address string
		exec    bool
		out     outputFlags
	)
	cmd := &cobra.Command{
		Use:   "worker --queue URL",
		Short: "Carry out tasks that batch --queue has put on a NATS JetStream queue",
		Long: `Carry out tasks that batch --queue has put on a NATS JetStream queue, until
stopped by a signal. The tasks of an origin are with one worker at a time, so
limits hold over all workers. Credentials are the worker's own: give it the
headers and the configuration file that it needs. Bodies stay here with
--output-dir; else they go to a batch --output-dir that wants them.`,
		Example: `  specify worker --queue nats://queue.internal --jobs 64 --output-dir bodies
  NATS_CREDS=worker.creds specify worker --queue tls://queue.example.com`,
		Args:              usage(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: configured(w, &c, func(cmd *cobra.Command, _ []string) error {
			if address == "" {
				return &UsageError{errors.New("which queue? --queue nats://HOST")}
			}
			settings, err := f.settings(w.ReadFile, Version())
			if err != nil {
				return &UsageError{err}
			}
			bodies, err := out.bodies(w.ReadSums)
			if err != nil {
				return err
			}
			t := newTeller(cmd.ErrOrStderr(), c)
			defer t.stop()
			t.screen = c.screen(w)
			req := ops.WorkerRequest{Address: address, Settings: settings, AllowExec: exec, Bodies: bodies, Watcher: t}
			req.Tell = t
			sum, err := o.Worker(cmd.Context(), req)
			t.stop()
			if err != nil {
				return err
			}
			t.summary(sum)
			return nil
		}),
	}
	c.line.wanted = true
	g := groups(cmd.Flags())
	g.in("Many machines")
	g.StringVar(&address, "queue", "", "take tasks from the NATS JetStream at `URL` (nats://HOST)")
	g.BoolVar(&exec, "allow-exec", false, "run tasks that are commands; never set by ./specify.yaml")
	f.output(g, &out)
	f.pace(g)
	f.requestOfAny(g)
	f.time(g)
	f.retry(g)
	f.breaker(g)
	f.verdict(g)
	f.hostList(g, w.Origin)
	c.flags(g)
	g.close()
	return cmd
}

// requestOfAny are the flags about requests but for those that are a part of
// what a task is.
func (f *settingsFlags) requestOfAny(g *group) {
	all := groups(pflag.NewFlagSet("", pflag.ContinueOnError))
	f.request(all)
	g.in("Request")
	all.VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"request", "data", "json", "head"}, flag.Name) {
			g.AddFlag(flag)
		}
	})
}
