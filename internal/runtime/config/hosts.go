package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
	"golang.org/x/net/http/httpguts"
)

const (
	hostsKey   = "hosts"
	matchKey   = "match"
	headersKey = "headers"
)

// Hosts is the value of the flag "hosts": what a file says of some hosts.
type Hosts interface {
	// Begin begins the entry for the hosts that match. It returns flags for what
	// an entry may hold besides its headers. Of those that Apply sets, the ones
	// that a flag or a variable goes over are left unchanged.
	Begin(match, place string) (*pflag.FlagSet, error)
	// Header adds a header to the entry begun last: as it is written, and with
	// its variables expanded if Expand says so.
	Header(name, written, value string)
	// Expand reports whether the headers are to be sent, so that a variable which
	// they name must be there.
	Expand() bool
}

// hosts hands the entries of the file on. A command that has no use for them
// has them checked.
func (s Source) hosts(flags, all *pflag.FlagSet, d *document) error {
	f := flags.Lookup(hostsKey)
	live := f != nil
	if !live {
		f = all.Lookup(hostsKey)
	}
	if f == nil {
		return nil // no command of the program makes requests
	}
	to, ok := f.Value.(Hosts)
	if !ok {
		return fmt.Errorf("the flag %q takes no entries", hostsKey)
	}
	list := d.hosts
	if list.Kind != yaml.SequenceNode {
		if list.Kind == yaml.ScalarNode && list.Value == "" {
			return nil
		}
		return d.at(list.Line, errors.New(`hosts: not a list of entries (- match: "HOST")`))
	}
	note(f, fromFile, d.place(d.lines[hostsKey]))
	for _, entry := range list.Content {
		e := hostEntry{source: s, file: d, flags: flags, to: to, expand: live && to.Expand()}
		if err := e.read(entry); err != nil {
			return err
		}
	}
	return nil
}

// hostEntry reads one entry.
type hostEntry struct {
	source Source
	file   *document
	flags  *pflag.FlagSet // the command's
	to     Hosts
	expand bool
}

func (e *hostEntry) read(entry *yaml.Node) error {
	d := e.file
	if entry.Kind != yaml.MappingNode {
		return d.at(entry.Line, errors.New(`hosts: an entry is a map that begins with match: "HOST"`))
	}
	keys := make(map[string]*yaml.Node)
	for i := 0; i+1 < len(entry.Content); i += 2 {
		key := entry.Content[i]
		if keys[key.Value] != nil {
			return d.at(key.Line, fmt.Errorf("hosts: %q stands twice in an entry", key.Value))
		}
		keys[key.Value] = entry.Content[i+1]
	}
	match := keys[matchKey]
	if match == nil || match.Kind != yaml.ScalarNode {
		return d.at(entry.Line, errors.New(`hosts: an entry without match: "HOST"`))
	}
	own, err := e.to.Begin(match.Value, d.place(entry.Line))
	if err != nil {
		return d.at(match.Line, fmt.Errorf("hosts: match %q: %w", match.Value, err))
	}
	for i := 0; i+1 < len(entry.Content); i += 2 {
		if err := e.add(own, entry.Content[i], entry.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (e *hostEntry) add(own *pflag.FlagSet, key, value *yaml.Node) error {
	d := e.file
	f := setting(own, key.Value)
	switch {
	case key.Value == matchKey:
		return nil
	case key.Value == headersKey:
		return e.headers(value)
	case f == nil:
		may := append(names(own), matchKey, headersKey)
		err := unknown(key.Value, may)
		if known, ok := errors.AsType[*UnknownError](err); ok && known.Near == "" {
			err = fmt.Errorf("%q is no setting of a host; those are %s", key.Value, strings.Join(may, ", "))
		}
		return d.at(key.Line, fmt.Errorf("hosts: %w", err))
	}
	v, err := written(f, value)
	if err != nil {
		return d.at(value.Line, fmt.Errorf("hosts: %s: %w", key.Value, err))
	}
	text, _ := v.(string) // a list is for flags that no entry has
	if text == "" {
		return d.at(value.Line, fmt.Errorf("hosts: %s: no value", key.Value))
	}
	if err := own.Set(f.Name, text); err != nil {
		return d.at(value.Line, fmt.Errorf("hosts: %s: %w", f.Name, plainSet(f, err)))
	}
	if base := e.flags.Lookup(f.Name); base != nil {
		if _, pinned := Origin(base); pinned {
			f.Changed = false
		}
	}
	return nil
}

func (e *hostEntry) headers(value *yaml.Node) error {
	d := e.file
	if value.Kind != yaml.MappingNode {
		return d.at(value.Line, errors.New("hosts: headers: not a map of name: value"))
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		name, text := value.Content[i], value.Content[i+1]
		if !httpguts.ValidHeaderFieldName(name.Value) {
			return d.at(name.Line, fmt.Errorf("hosts: headers: %q is not the name of a header", name.Value))
		}
		if text.Kind != yaml.ScalarNode {
			return d.at(text.Line, fmt.Errorf("hosts: headers: %s: not a value", name.Value))
		}
		sent, err := e.expanded(text.Value)
		if err == nil && !httpguts.ValidHeaderFieldValue(sent) {
			err = errors.New("a line break or another control character in the value")
		}
		if err != nil {
			return d.at(text.Line, fmt.Errorf("hosts: headers: %s: %w", name.Value, err))
		}
		e.to.Header(name.Value, text.Value, sent)
	}
	return nil
}

// Compiled when it is needed: not at every start.
var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([^}]*)\}?`) })

// expanded replaces ${NAME} by the variable's value. A file that lies in the
// folder and was not named by the user gets none: it says where the value is
// sent, and may have come with a pull request.
func (e *hostEntry) expanded(text string) (string, error) {
	var failed error
	out := variable().ReplaceAllStringFunc(text, func(ref string) string {
		name := variable().FindStringSubmatch(ref)[1]
		value := e.source.Getenv(name)
		switch {
		case failed != nil:
		case name == "" || !strings.HasSuffix(ref, "}"):
			failed = fmt.Errorf("%q is not ${NAME}", ref)
		case !e.file.vouched && e.file.path == hereFile:
			failed = fmt.Errorf("%s is not expanded in ./%s unless you name the file (--config %s): it could send your secret to any host", ref, hereFile, hereFile)
		case !e.expand:
			return ref
		case value == "":
			failed = fmt.Errorf("the variable %s is not set", name)
		case !httpguts.ValidHeaderFieldValue(value):
			failed = fmt.Errorf("the variable %s holds a line break or another control character", name)
		}
		return value
	})
	return out, failed
}
