package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/ops"
)

func newReport(o Ops, w World) *cobra.Command {
	var (
		req   ops.ReportRequest
		allow allowValue
		c     common
	)
	cmd := &cobra.Command{
		Use:   "report RESULTS...",
		Short: "Turn result files, several shards too, into a report; exit as the run would have",
		Example: `  specify report out.ndjson
  specify report shard-*.ndjson --html report.html --junit report.xml`,
		Args: usage(resultFiles),
		RunE: configured(w, &c, func(cmd *cobra.Command, args []string) error {
			req.Results, req.Allow = args, ops.Allow(allow)
			if req.HTML == "" && req.JUnit == "" && req.Markdown == "" {
				req.Text = cmd.OutOrStdout()
			}
			sum, err := o.Report(cmd.Context(), req)
			if err != nil {
				return err
			}
			return verdict(sum.Verdict)
		}),
	}
	cmd.Flags().StringVar(&req.HTML, "html", "", "write one self-contained page to `F`")
	cmd.Flags().StringVar(&req.JUnit, "junit", "", "write JUnit XML to `F`")
	cmd.Flags().StringVar(&req.Markdown, "md", "", "write Markdown to `F`")
	cmd.Flags().Var(&allow, "allow-failures", "be content although `N` tasks, or N%, failed")
	c.file(cmd.Flags())
	return cmd
}

// reportsValue is --report html=F|junit=F|md=F, repeatable.
type reportsValue ops.ReportRequest

func (v *reportsValue) Type() string   { return "KIND=F" }
func (v *reportsValue) String() string { return strings.Join(v.GetSlice(), ",") }

func (v *reportsValue) Set(s string) error {
	kind, file, ok := strings.Cut(s, "=")
	place := map[string]*string{"html": &v.HTML, "junit": &v.JUnit, "md": &v.Markdown}[kind]
	if !ok || file == "" || place == nil {
		return fmt.Errorf("%q is none of html=F, junit=F and md=F", s)
	}
	*place = file
	return nil
}

// Append, Replace and GetSlice make it a list, as pflag.SliceValue asks.
func (v *reportsValue) Append(s string) error { return v.Set(s) }

// Replace drops what there was.
func (v *reportsValue) Replace(list []string) error {
	*v = reportsValue{}
	for _, s := range list {
		if err := v.Set(s); err != nil {
			return err
		}
	}
	return nil
}

// GetSlice lists them as they are given.
func (v *reportsValue) GetSlice() []string {
	var list []string
	for _, r := range []struct{ kind, file string }{{"html", v.HTML}, {"junit", v.JUnit}, {"md", v.Markdown}} {
		if r.file != "" {
			list = append(list, r.kind+"="+r.file)
		}
	}
	return list
}

func (v *reportsValue) asked() bool { return v.HTML != "" || v.JUnit != "" || v.Markdown != "" }

// write makes the reports of a batch: from its results file or, without one,
// from what its teller has collected.
func (v *reportsValue) write(ctx context.Context, o Ops, req ops.BatchRequest, t *teller) error {
	asked := ops.ReportRequest(*v)
	asked.Results = []string{req.Results}
	if t.all != nil {
		asked.Collected = t.all.Report()
	}
	_, err := o.Report(context.WithoutCancel(ctx), asked) // also of a run that was stopped
	return err
}
