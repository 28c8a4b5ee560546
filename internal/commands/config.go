package commands

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Settings are the flags of all commands that the environment and the
// configuration file complete, once each.
func Settings(root *cobra.Command) *pflag.FlagSet {
	all := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	all.SortFlags = false
	all.SetNormalizeFunc(normalize)
	for _, cmd := range root.Commands() { // by name, so that batch's come first
		if cmd.Flags().Lookup("config") == nil {
			continue
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "config" && f.Name != "help" && (!f.Hidden || isHosts(f)) && all.Lookup(f.Name) == nil {
				all.AddFlag(f)
			}
		})
	}
	return all
}

func isHosts(f *pflag.Flag) bool {
	_, ok := f.Value.(*hostsValue)
	return ok
}

// newConfig makes the commands that tell what the settings are and where they
// are from. settings are all that there are.
func newConfig(w World, settings *pflag.FlagSet) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Tell what the settings are, where they are from, and whether they are right",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigShow(w, settings), newConfigPath(w), newConfigCheck(w, settings))
	return cmd
}

func newConfigShow(w World, settings *pflag.FlagSet) *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print each setting with its origin: a flag, a variable, FILE:LINE or the default",
		Long: `Print each setting with its origin: a flag, a variable, FILE:LINE or the default.
It takes the flags of the other commands, to show what they would change, and
prints a configuration file. Secrets are printed as REDACTED.`,
		Example: `  specify config show
  specify config show --jobs 8 | grep -v '# default'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			hosts := hostsOf(settings)
			hosts.asIs = true
			if err := w.Configure(cmd.Flags(), c.config); err != nil {
				return err
			}
			return printSettings(cmd.OutOrStdout(), settings, hosts, w.Origin)
		},
	}
	configFlags(cmd, &c, settings)
	return cmd
}

func newConfigPath(w World) *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "path",
		Short: "Print where a configuration file may be, and which one is used",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			places, err := w.Places(c.config)
			if err != nil {
				return err
			}
			for _, p := range places {
				if p.Name == "" {
					continue // the user's own, where neither HOME nor XDG_CONFIG_HOME is set
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", scalar(p.Name), p.State); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.file(cmd.Flags())
	return cmd
}

func newConfigCheck(w World, settings *pflag.FlagSet) *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check the configuration file and the environment; exit 2 with FILE:LINE where they are wrong",
		Args:  usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				c.config = args[0]
			}
			return w.Configure(cmd.Flags(), c.config)
		},
	}
	configFlags(cmd, &c, settings)
	return cmd
}

// configFlags gives cmd all settings as flags, and --config.
func configFlags(cmd *cobra.Command, c *common, settings *pflag.FlagSet) {
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.SetNormalizeFunc(normalize)
	fs.AddFlagSet(settings)
	g := &group{FlagSet: fs, heading: "Noise and configuration", seen: make(map[string]bool)}
	settings.VisitAll(func(f *pflag.Flag) { g.seen[f.Name] = true })
	c.file(fs)
	g.close()
}
