// Command docgen writes the reference of the program from its commands: a page
// of Markdown and a man page each. It is run by "make docs" and is no part of
// the program.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/commands"
)

func main() {
	markdown := flag.String("md", "", "write Markdown into this `folder`")
	man := flag.String("man", "", "write man pages into this `folder`")
	flag.Parse()
	if err := write(*markdown, markdownPages()); err != nil {
		fail(err)
	}
	if err := write(*man, manPages()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "docgen:", err)
	os.Exit(1)
}

// write makes the folder hold the pages, by name, and nothing else that a run
// before has left there. An empty name is no folder.
func write(dir string, pages map[string]string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "specify*"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tree is the program's commands, the root first, each before those below it.
func tree() []*cobra.Command {
	root := commands.New(commands.Ops{}, commands.World{})
	root.InitDefaultCompletionCmd()
	var all []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		cmd.InitDefaultHelpFlag()
		for _, child := range cmd.Commands() {
			if child.IsAvailableCommand() {
				walk(child)
			}
		}
	}
	walk(root)
	return all
}

// page is the name of a command's page, without its ending.
func page(cmd *cobra.Command, joint string) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", joint)
}

// groups are the flags to describe. The commands below "config" that take the
// flags of all others describe their own alone.
func groups(cmd *cobra.Command) (list []commands.FlagGroup, others bool) {
	own := cmd.NonInheritedFlags()
	if cmd.HasParent() && cmd.Parent().Name() == "config" && own.Lookup("jobs") != nil {
		own, others = cmd.InheritedFlags(), true
		own.AddFlag(cmd.Flags().Lookup("config"))
	}
	return commands.FlagGroups(own), others
}

// about is what a command says of itself.
func about(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return strings.TrimSpace(cmd.Long)
	}
	return cmd.Short + "."
}
