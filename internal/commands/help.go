package commands

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupedHelp shows flags under their headings.
func groupedHelp(root *cobra.Command) {
	cobra.AddTemplateFunc("groupedFlags", groupedFlags)
	root.SetUsageTemplate(strings.NewReplacer(
		"{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}", "{{groupedFlags .LocalFlags}}",
		"\n\nFlags:\n", "\n\n",
	).Replace(root.UsageTemplate()))
}

func groupedFlags(fs *pflag.FlagSet) string {
	const other = "Other"
	var order []string
	sets := make(map[string]*pflag.FlagSet)
	fs.VisitAll(func(f *pflag.Flag) {
		heading := other
		if h := f.Annotations[headingOf]; len(h) > 0 {
			heading = h[0]
		}
		if sets[heading] == nil {
			sets[heading] = pflag.NewFlagSet(heading, pflag.ContinueOnError)
			sets[heading].SortFlags = false
			if heading != other {
				order = append(order, heading)
			}
		}
		sets[heading].AddFlag(f)
	})
	if sets[other] != nil {
		order = append(order, other)
	}
	var b strings.Builder
	for i, heading := range order {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n%s", heading, sets[heading].FlagUsages())
	}
	return strings.TrimRight(b.String(), " \n")
}
