package commands

import (
	"strings"
	"testing"
)

// FuzzWriteOut: every format ends, what is no variable stays, and doubled
// percent signs make any text stand for itself.
func FuzzWriteOut(f *testing.F) {
	for _, seed := range []string{"", "%", `\`, "%{", "%{a}", "%header{x}", "%header{", "%%", `\n\r\t\q`, `%\n`, "100%% %{open", "%{stderr}x%{stdout}y%{onerror}z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, format string) {
		var out, errs strings.Builder
		var unknown []string
		o := writeOut{
			stdout: &out, stderr: &errs, failed: true,
			value:   func(string) (string, bool) { return "", false },
			header:  func(string) string { return "" },
			unknown: func(name string) { unknown = append(unknown, name) },
		}
		if err := o.write(format); err != nil {
			t.Fatal(err)
		}
		if out.Len()+errs.Len() > len(format) {
			t.Errorf("%q became %q and %q", format, out.String(), errs.String())
		}
		for _, name := range unknown {
			if !strings.Contains(format, "%{"+name+"}") {
				t.Errorf("%q is no variable of %q", name, format)
			}
		}
		if strings.Contains(format, `\`) {
			return
		}
		out.Reset()
		if err := o.write(strings.ReplaceAll(format, "%", "%%")); err != nil || out.String() != format {
			t.Errorf("%q escaped became %q (%v)", format, out.String(), err)
		}
	})
}
