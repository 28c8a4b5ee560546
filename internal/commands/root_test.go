package commands

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// A command that is made alone is the one of the whole tree.
func TestCommandMadeAlone(t *testing.T) {
	names := 0
	for _, whole := range New(Ops{}, World{}).Commands() {
		if !whole.Runnable() || whole.Name() == "config" || whole.Name() == "help" {
			continue
		}
		names++
		root := New(Ops{}, World{Args: []string{whole.Name()}})
		if n := len(root.Commands()); n != 1 {
			t.Errorf("%d commands were made for %s", n, whole.Name())
		}
		if diff := cmp.Diff(helpOf(t, New(Ops{}, World{}), whole.Name()), helpOf(t, root, whole.Name())); diff != "" {
			t.Errorf("help of %s (-in the tree +alone):\n%s", whole.Name(), diff)
		}
	}
	if names != 6 {
		t.Errorf("%d commands can be made alone", names)
	}
	for _, args := range [][]string{nil, {"--help"}, {"help", "fetch"}, {"ftech"}, {"config", "show"}, {"__complete", "batch", "--fo"}} {
		if n := len(New(Ops{}, World{Args: args}).Commands()); n != names+1 {
			t.Errorf("%d commands for %q", n, args)
		}
	}
}

func helpOf(t *testing.T, root *cobra.Command, name string) string {
	t.Helper()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{name, "--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
