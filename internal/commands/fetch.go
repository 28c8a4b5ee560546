package commands

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/ops"
)

func newFetch(o Ops, w World) *cobra.Command {
	var (
		f      settingsFlags
		c      common
		output string
		remote bool
		sum    string
		goOn   bool
		format string
	)
	cmd := &cobra.Command{
		Use:   "fetch URL",
		Short: "Fetch one URL; its body goes to standard output",
		Example: `  specify fetch https://example.com/file.tgz -o file.tgz
  specify fetch -fsSL https://example.com/install.sh | less
  specify fetch --json '{"name":"x"}' --retry-unsafe https://api.example.com/items`,
		Args:              usage(oneURL),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: configured(w, &c, func(cmd *cobra.Command, args []string) error {
			settings, err := f.settings(w.ReadFile, Version())
			if err != nil {
				return &UsageError{err}
			}
			settings.ShowHeader = f.head
			req := ops.FetchRequest{URL: args[0], Settings: settings, Output: output, Checksum: sum, Continue: goOn}
			switch {
			case remote && output != "":
				return &UsageError{errors.New("--output and --remote-name: only one of them")}
			case remote:
				if req.Output, err = remoteName(args[0]); err != nil {
					return &UsageError{err}
				}
			case output == "-":
				req.Output = ""
			}
			if goOn && req.Output == "" {
				return &UsageError{errors.New("--continue needs the file to go on with: --output or --remote-name")}
			}
			format, err := writeOutFormat(format, w.ReadFile)
			if err != nil {
				return &UsageError{err}
			}
			t := newTeller(cmd.ErrOrStderr(), c)
			req.Tell = t
			if req.Output != "" {
				t.screen = c.screen(w)
				req.Watch = t.downloading(req.Output)
			}
			res, err := o.Fetch(cmd.Context(), req)
			t.stop()
			if err != nil {
				return err
			}
			if res.Record.Error != nil && errors.Is(res.Record.Error, syscall.EPIPE) {
				return res.Record.Error // whoever read our output has had enough
			}
			t.fetched(res.Record)
			ended := verdict(res.Verdict())
			if format != "" {
				about := &fetched{res.Record, res.Answer, Status(cmd.Context(), ended)}
				if err := writeFetched(format, about, cmd.OutOrStdout(), cmd.ErrOrStderr(), w.Terminal, t); err != nil {
					return err
				}
			}
			return ended
		}),
	}
	f.s.Jobs, f.s.PerHost = 1, 1
	c.line.wanted = true
	g := groups(cmd.Flags())
	f.request(g)
	f.network(g)
	f.time(g)
	f.retry(g)
	f.breaker(g)
	g.in("Output")
	g.StringVarP(&output, "output", "o", "", "write the body to `FILE`, which appears whole or not at all; - is standard output")
	g.BoolVarP(&remote, "remote-name", "O", false, "write the body to a file named as the URL's last segment")
	g.BoolVarP(&goOn, "continue", "c", false, continueHelp)
	g.StringVar(&sum, "checksum", "", "the body must hash to `ALG:HEX` (sha256 or sha512)")
	g.StringVarP(&format, "write-out", "w", "", "after the body write `FORMAT` (@FILE, @-), with %{http_code} and the like, as curl")
	f.cache(g)
	f.verdict(g)
	f.hostList(g, w.Origin)
	c.flags(g)
	g.close()
	curlHabits(cmd.Flags())
	return cmd
}

// continueHelp is for fetch and batch.
const continueHelp = "go on with a partial file, unless the server's is newer"

// remoteName is the last segment of the URL's path, as curl -O has it: never
// from the response.
func remoteName(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", ops.CheckURL(raw)
	}
	name := path.Base(u.EscapedPath())
	if name == "/" || name == "." || name == ".." || strings.HasSuffix(u.Path, "/") {
		return "", fmt.Errorf("--remote-name: the URL's path ends without a name; use --output")
	}
	return name, nil
}
