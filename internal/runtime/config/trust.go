package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// notFromHere are settings that ./specify.yaml does not hold, and what they
// would let it do: it comes with the folder's other files, from a pull request
// too.
var notFromHere = map[string]string{
	"allow-exec": "run commands", "insecure": "turn off the check of certificates", "cacert": "say whom to trust",
	"proxy": "send requests through others", "deny": "open addresses that are closed", "bearer-file": "send files", "netrc": "send passwords",
	"resolve": "send requests elsewhere", "cert": "say who you are", "key": "say who you are",
}

// readingFiles are settings whose value may be @FILE, which would be sent.
var readingFiles = []string{"header", "data", "json"}

// trusted refuses a setting that ./specify.yaml must not hold, also when that
// file was named. The default may stand there.
func (d *document) trusted(all *pflag.FlagSet) error {
	here, err := os.Stat(hereFile)
	if err != nil {
		return nil
	}
	file, err := os.Stat(d.path)
	if err != nil || !os.SameFile(here, file) {
		return nil
	}
	for key, might := range notFromHere {
		if key == "deny" && !strings.Contains(fmt.Sprint(d.values[key]), "none") {
			continue // it closes more
		}
		if line := d.lines[key]; line != 0 && d.values[key] != all.Lookup(key).DefValue {
			return d.at(line, fmt.Errorf("setting %q is not taken from ./%s: a file that comes with a folder must not %s; give the flag --%s, or set it in your own configuration file", key, hereFile, might, key))
		}
	}
	for _, key := range readingFiles {
		list, _ := d.values[key].([]string)
		if one, ok := d.values[key].(string); ok {
			list = []string{one}
		}
		for _, value := range list {
			if strings.HasPrefix(value, "@") {
				return d.at(d.lines[key], fmt.Errorf("setting %q: @FILE is not taken from ./%s: a file that comes with a folder must not send others; give the flag --%s", key, hereFile, key))
			}
		}
	}
	return nil
}
