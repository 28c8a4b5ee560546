package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// markdownPages are the pages of all commands, by file name.
func markdownPages() map[string]string {
	pages := make(map[string]string)
	for _, cmd := range tree() {
		pages[page(cmd, "_")+".md"] = markdownPage(cmd)
	}
	return pages
}

func markdownPage(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- made by make docs -->\n# %s\n\n%s\n\n```\n%s\n```\n", cmd.CommandPath(), about(cmd), cmd.UseLine())
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\n## Examples\n\n```\n%s\n```\n", unindented(cmd.Example))
	}
	list, others := groups(cmd)
	if len(list) > 0 {
		b.WriteString("\n## Flags\n")
	}
	for _, g := range list {
		fmt.Fprintf(&b, "\n### %s\n\n| flag | default | |\n| --- | --- | --- |\n", g.Heading)
		g.Flags.VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(flagNames(f)+gap(value)), cell(fallback(f)), cell(usage))
		})
	}
	if others {
		b.WriteString("\nIt also takes all flags of the other commands.\n")
	}
	if seen := related(cmd); len(seen) > 0 {
		b.WriteString("\n## See also\n\n")
		for _, other := range seen {
			fmt.Fprintf(&b, "- [%s](%s.md): %s\n", other.CommandPath(), page(other, "_"), other.Short)
		}
	}
	return b.String()
}

// related are the commands above and below.
func related(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	if cmd.HasParent() {
		list = append(list, cmd.Parent())
	}
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			list = append(list, child)
		}
	}
	return list
}

func flagNames(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}

func gap(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// fallback is the default of a flag, "" where that says nothing.
func fallback(f *pflag.Flag) string {
	switch f.DefValue {
	case "false", "[]", "0":
		return ""
	}
	return f.DefValue
}

// cell is s within a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func unindented(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
