package commands

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completions tells shells what may follow each flag, as far as its type or its
// name in the help says it: a choice's words, files, folders, or nothing, where
// the shell's own idea would be a file.
func completions(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "bool" && f.Value.Type() != "count" {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, completionOf(f)) // the flag is there, and new
			}
		})
	}
}

// words are what flags take whose type does not say it. Those that end in = or
// : go on.
var words = map[string][]string{
	"request":     {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"},
	"proto-redir": {"https", "http"},
	"report":      {"html=", "junit=", "md="},
	"checksum":    {"sha256:", "sha512:"},
	"deny":        {"link-local", "private", "loopback", "none"},
	"expect":      {"2xx", "3xx", "200", "204"},
}

// places are the names that the help has for values that are files or folders.
var places = map[string]cobra.ShellCompDirective{
	"F": cobra.ShellCompDirectiveDefault, "FILE": cobra.ShellCompDirectiveDefault, "SUMSFILE": cobra.ShellCompDirectiveDefault,
	"D": cobra.ShellCompDirectiveFilterDirs, "DIR": cobra.ShellCompDirectiveFilterDirs,
}

func completionOf(f *pflag.Flag) cobra.CompletionFunc {
	if choice, ok := f.Value.(*choiceValue); ok {
		return cobra.FixedCompletions(choice.choices, cobra.ShellCompDirectiveNoFileComp)
	}
	name, _ := pflag.UnquoteUsage(f)
	end := cobra.ShellCompDirectiveNoFileComp
	if place, ok := places[name]; ok {
		end = place
	}
	known := words[f.Name]
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		var fit []string
		open := false // one of them goes on
		for _, word := range known {
			if rest, ok := strings.CutPrefix(typed, word); ok && rest != "" || typed == word && strings.HasSuffix(word, "=") {
				return nil, cobra.ShellCompDirectiveDefault // html=FILE
			}
			if strings.HasPrefix(word, typed) {
				fit = append(fit, word)
				open = open || strings.HasSuffix(word, "=") || strings.HasSuffix(word, ":")
			}
		}
		if open {
			return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return fit, end
	}
}
