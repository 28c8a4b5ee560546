package commands

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/ops"
)

func newBatch(o Ops, w World) *cobra.Command {
	var (
		f       settingsFlags
		c       common
		files   []string
		exec    bool
		shard   shardValue
		skip    bool
		dry     bool
		ordered bool
		results string
		format  = "auto"
		resume  bool
		early   bool
		out     outputFlags
		allow   allowValue
		reports reportsValue
		ci      = "auto"
		many    manyFlags
	)
	c.line.wanted = true
	cmd := &cobra.Command{
		Use:   "batch [URL]... [--file F]...",
		Short: "Fetch many URLs at once; one record a task goes to standard output",
		Example: `  specify batch --file urls.txt --results out.ndjson
  sort -u urls.txt | specify batch --file - --jobs 64 --per-host 4`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: configured(w, &c, func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && len(files) == 0 && many.attach == "" {
				return &UsageError{errors.New("no input: give URLs, or a list with --file (--file - for standard input)")}
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
			t.watchFor(reports.asked() && (results == "" || results == "-"), onGitHub(ci, w))
			req := ops.BatchRequest{
				URLs: args, Files: files, Settings: settings, AllowExec: exec, Results: results, Resume: resume,
				Shard: ops.Shard(shard), SkipInvalid: skip, Ordered: ordered,
				Bodies: bodies, Allow: ops.Allow(allow), FailEarly: early, Watcher: t,
			}
			req.Tell = t
			if resume && results == "-" {
				return &UsageError{errors.New("--resume needs the file of an earlier run: --results F")}
			}
			if err := many.check(cmd.Flags(), w, req); err != nil {
				return err
			}
			if dry {
				plan := planJSON
				switch {
				case format == "none":
					plan = nil
				case format == "text" || format == "auto" && w.Terminal:
					plan = planText
				}
				return dryRun(cmd.Context(), o, req, plan, cmd.OutOrStdout(), t)
			}
			switch {
			case results != "-":
			case format == "none":
				req.Results = ""
			case format == "text" || format == "auto" && w.Terminal:
				req.Render = recordText
			}
			sum, err := many.batch(cmd.Context(), o, req, t)
			t.stop()
			if err != nil {
				return err
			}
			if !many.detach {
				t.summary(sum)
			}
			if many.address == "" {
				t.goOn(sum, req)
			}
			if reports.asked() {
				if err := reports.write(cmd.Context(), o, req, t); err != nil {
					return err
				}
			}
			if onGitHub(ci, w) {
				t.gitHub(w)
			}
			return verdict(sum.Verdict)
		}),
	}
	g := groups(cmd.Flags())
	g.in("Input and results")
	g.StringArrayVarP(&files, "file", "i", nil, "list `F` of tasks, one a line; - is standard input; repeatable")
	g.Var(&shard, "shard", "only the I-th of N parts of the tasks, as `I/N`; duplicates stay together")
	g.BoolVar(&skip, "skip-invalid", false, "a line that cannot be used fails as a task, and the rest runs")
	g.BoolVar(&dry, "dry-run", false, "print what would be done; send and write nothing")
	g.BoolVar(&exec, "allow-exec", false, "run the commands in the lists; never set by ./specify.yaml")
	g.StringVarP(&results, "results", "r", "-", "append one record a task to `F`; - is standard output")
	g.Var(&choiceValue{&format, []string{"auto", "text", "ndjson", "none"}}, "format", "records on standard output; auto is text on a terminal")
	g.BoolVar(&resume, "resume", false, "go on with the results of an earlier run; what is ok is not fetched again")
	g.BoolVar(&ordered, "ordered", false, "records in the order of the input; a slow task holds back those far behind it")
	g.Var(&reports, "report", "also write a report, as `html=F`, junit=F or md=F; repeatable")
	f.output(g, &out)
	f.pace(g)
	many.flags(g)
	f.request(g)
	f.network(g)
	f.time(g)
	f.retry(g)
	f.breaker(g)
	f.verdict(g)
	f.hostList(g, w.Origin)
	g.BoolVar(&early, "fail-early", false, "stop at the first task that fails")
	g.Var(&allow, "allow-failures", "be content although `N` tasks, or N%, failed")
	c.flags(g)
	g.in("Noise and configuration")
	g.Var(&choiceValue{&ci, []string{"auto", "github", "none"}}, "ci", "step summary and annotations; auto sees GitHub Actions by itself")
	g.close()
	curlHabits(cmd.Flags())
	return cmd
}
