package commands

import (
	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// group is a flag set whose flags are shown under headings.
type group struct {
	*pflag.FlagSet
	heading string
	seen    map[string]bool
}

const headingOf = "specify_heading" // annotation of a flag

func groups(fs *pflag.FlagSet) *group {
	fs.SortFlags = false
	fs.SetNormalizeFunc(normalize)
	return &group{FlagSet: fs, seen: make(map[string]bool)}
}

// in begins a heading: it stands above the flags made from now on.
func (g *group) in(heading string) {
	g.close()
	g.heading = heading
}

// close puts the heading on the flags made since it began.
func (g *group) close() {
	g.VisitAll(func(f *pflag.Flag) {
		if g.seen[f.Name] || f.Hidden {
			return
		}
		g.seen[f.Name] = true
		_ = g.SetAnnotation(f.Name, headingOf, []string{g.heading}) // the flag is there
	})
}

// status makes a flag for a list of statuses.
func (g *group) status(set *task.StatusSet, name, list, usage string) {
	g.list(&listValue[task.StatusSet]{set: set, parse: task.ParseStatusSet}, name, list, usage)
}

// codes makes a flag for a list of exit codes.
func (g *group) codes(set *ops.ExitCodes, name, list, usage string) {
	g.list(&listValue[ops.ExitCodes]{set: set, parse: ops.ParseExitCodes}, name, list, usage)
}

func (g *group) list(v pflag.Value, name, list, usage string) {
	if err := v.Set(list); err != nil {
		panic(err) // the default is ours
	}
	g.Var(v, name, usage)
}

// aliases are other names of flags: wget's and curl's.
var aliases = map[string]string{"input-file": "file", "parallel-max": "jobs", "parallel-max-host": "per-host"}

func normalize(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if canonical, ok := aliases[name]; ok {
		name = canonical
	}
	return pflag.NormalizedName(name)
}
