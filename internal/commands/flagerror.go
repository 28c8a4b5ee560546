package commands

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/nearest"
	"github.com/specify-cli/specify/internal/task"
)

// flagError makes a usage error of what pflag says of a command line, with the
// flag that may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	if none, ok := errors.AsType[*pflag.NotExistError](err); ok && none.GetSpecifiedShortnames() == "" {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		if near := nearest.Name(none.GetSpecifiedName(), known); near != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
	}
	return &UsageError{err}
}

// noCommand is what a command that only has commands below it takes: nothing,
// and so an argument is one of those mistyped.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, child := range cmd.Commands() {
		known = append(known, child.Name())
	}
	if near := nearest.Name(args[0], known); near != "" {
		return &UsageError{fmt.Errorf("unknown command %q; did you mean %q?", args[0], near)}
	}
	if !cmd.HasParent() && strings.Contains(args[0], "://") {
		return &UsageError{fmt.Errorf("unknown command %[1]q; did you mean: specify fetch %[1]q", task.RedactURL(args[0]))}
	}
	return &UsageError{fmt.Errorf("unknown command %q (see %s --help)", args[0], cmd.CommandPath())}
}

// oneURL is what fetch takes.
func oneURL(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("no URL")
	case 1:
		return nil
	}
	return errors.New("one URL at a time; specify batch takes many")
}

// resultFiles is what report takes.
func resultFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("no results: name the files that specify batch --results has written")
	}
	return nil
}

// least are the smallest values of flags that take a number.
var least = map[string]int{
	"retry": 0, "max-redirs": 0, "breaker-failures": 0, "breaker-successes": 1, "jobs": 1, "per-host": 1,
}

// bounded holds the flags of fs that least has to it, wherever they are set.
func bounded(fs *pflag.FlagSet) {
	fs.VisitAll(func(f *pflag.Flag) {
		if n, ok := least[f.Name]; ok {
			f.Value = &boundedValue{f.Value, n}
		}
	})
}

// boundedValue is a number that is not below the least.
type boundedValue struct {
	pflag.Value
	least int
}

func (v *boundedValue) Set(s string) error {
	if n, err := strconv.Atoi(s); err == nil && n < v.least {
		return fmt.Errorf("must be %d or more", v.least)
	}
	return v.Value.Set(s)
}
