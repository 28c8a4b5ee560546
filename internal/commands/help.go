package commands

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupedHelp shows flags under their headings. It changes the template when it is
// asked for: that is not at every start.
func groupedHelp(root *cobra.Command) {
	cobra.AddTemplateFunc("groupedFlags", groupedFlags)
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		root.SetUsageFunc(nil) // it is cobra's again, with our template
		root.SetUsageTemplate(strings.NewReplacer(
			"{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}", "{{groupedFlags .LocalFlags}}",
			"\n\nFlags:\n", "\n\n",
		).Replace(root.UsageTemplate()))
		return cmd.Usage()
	})
}

func groupedFlags(fs *pflag.FlagSet) string {
	var b strings.Builder
	for i, g := range FlagGroups(fs) {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n%s", g.Heading, g.Flags.FlagUsages())
	}
	return strings.TrimRight(b.String(), " \n")
}

// FlagGroup is the flags under one heading of the help.
type FlagGroup struct {
	Heading string
	Flags   *pflag.FlagSet
}

// FlagGroups returns the flags of fs that are shown, as the help groups them.
func FlagGroups(fs *pflag.FlagSet) []FlagGroup {
	const other = "Other"
	var list []FlagGroup
	at := make(map[string]int)
	add := func(heading string, f *pflag.Flag) {
		i, ok := at[heading]
		if !ok {
			set := pflag.NewFlagSet(heading, pflag.ContinueOnError)
			set.SortFlags = false
			i, at[heading] = len(list), len(list)
			list = append(list, FlagGroup{heading, set})
		}
		list[i].Flags.AddFlag(f)
	}
	var rest []*pflag.Flag
	fs.VisitAll(func(f *pflag.Flag) {
		switch h := f.Annotations[headingOf]; {
		case f.Hidden:
		case len(h) > 0:
			add(h[0], f)
		default:
			rest = append(rest, f)
		}
	})
	for _, f := range rest {
		add(other, f)
	}
	return list
}
