package config

import "github.com/spf13/pflag"

// Where a value is from, in ascending order of precedence. What hosts entries
// say stands between fromFile and fromVariable.
const (
	fromFile     = "file"
	fromVariable = "variable"
	fromFlag     = "flag"
)

const originOf = "specify_origin" // annotation of a flag: one of the above, and the place

func note(f *pflag.Flag, from, place string) {
	if f.Annotations == nil {
		f.Annotations = make(map[string][]string)
	}
	f.Annotations[originOf] = []string{from, place}
}

// Origin tells where the value of a flag is from, once Apply has seen it:
// "flag", the name of a variable, FILE:LINE or "default". pinned reports
// whether it goes over what the hosts entries of a file say.
func Origin(f *pflag.Flag) (place string, pinned bool) {
	noted := f.Annotations[originOf]
	if len(noted) != 2 {
		return "default", false // nobody noted anything
	}
	return noted[1], noted[0] == fromFlag || noted[0] == fromVariable
}
