package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/specify-cli/specify/internal/nearest"
)

// maxFile bounds a configuration file. A larger one is something else.
const maxFile = 1 << 20

// document is a configuration file: its values as they are written, strings or
// lists of them, and the line of each key.
type document struct {
	path    string
	vouched bool // the user named the file
	values  map[string]any
	lines   map[string]int
	hosts   *yaml.Node // nil is none
}

func readDocument(path string, all *pflag.FlagSet) (*document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{path, cause(err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, &Error{path, cause(err)}
	case len(data) > maxFile:
		return nil, &Error{path, errors.New("larger than 1 MiB: not a configuration file")}
	}
	return parse(path, data, all)
}

// parse reads a file's content. all are the settings that there are.
func parse(path string, data []byte, all *pflag.FlagSet) (*document, error) {
	d := &document{path: path, values: make(map[string]any), lines: make(map[string]int)}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := dec.Decode(&root); {
	case err == io.EOF:
		return d, nil // empty, or comments only
	case err != nil:
		return nil, syntaxError(path, data, err)
	}
	if err := dec.Decode(&more); err != io.EOF {
		return nil, d.at(more.Line, errors.New("a second document; only one is read"))
	}
	top := root.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return d, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, d.at(top.Line, errors.New("not a list of settings (key: value)"))
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if err := d.add(top.Content[i], top.Content[i+1], all); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *document) add(key, value *yaml.Node, all *pflag.FlagSet) error {
	f := setting(all, key.Value)
	switch {
	case key.Kind != yaml.ScalarNode || f == nil && key.Value != hostsKey:
		return d.at(key.Line, unknown(key.Value, append(names(all), hostsKey)))
	case d.lines[key.Value] != 0:
		return d.at(key.Line, fmt.Errorf("setting %q stands twice, first in line %d", key.Value, d.lines[key.Value]))
	}
	d.lines[key.Value] = key.Line
	if key.Value == hostsKey {
		d.hosts = value
		return nil
	}
	v, err := written(f, value)
	if err != nil {
		return d.at(value.Line, fmt.Errorf("setting %q: %w", key.Value, err))
	}
	d.values[key.Value] = v
	return nil
}

// written takes a value as it is written, because 1m30s, 0700 and yes are for
// the flag to read.
func written(f *pflag.Flag, value *yaml.Node) (any, error) {
	switch {
	case value.Kind == yaml.ScalarNode:
		return scalar(value)
	case value.Kind != yaml.SequenceNode:
		return nil, errors.New("neither a value nor a list")
	case !repeatable(f) && !commas(f):
		return nil, errors.New("one value, not a list")
	}
	list := make([]string, len(value.Content))
	for i, item := range value.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("a list of values, not of lists or maps")
		}
		var err error
		if list[i], err = scalar(item); err != nil {
			return nil, err
		}
	}
	if commas(f) {
		return strings.Join(list, ","), nil
	}
	return list, nil
}

func scalar(n *yaml.Node) (string, error) {
	switch {
	case n.Tag == "!!null":
		return "", errors.New(`no value ("" is the default)`)
	case strings.ContainsRune(n.Value, 0):
		return "", errors.New("a NUL character")
	}
	return n.Value, nil
}

// repeatable flags take a list, commas flags one value that is a list.
func repeatable(f *pflag.Flag) bool { _, ok := f.Value.(pflag.SliceValue); return ok }
func commas(f *pflag.Flag) bool     { return f.Value.Type() == "list" }

// set gives f its value. An empty one stands for the default, as an empty
// variable does.
func (d *document) set(flags *pflag.FlagSet, f *pflag.Flag) error {
	list, ok := d.values[f.Name].([]string)
	if !ok {
		list = []string{d.values[f.Name].(string)} // add puts nothing else there
	}
	for _, value := range list {
		if value == "" && !repeatable(f) {
			continue
		}
		if err := flags.Set(f.Name, value); err != nil {
			return d.at(d.lines[f.Name], fmt.Errorf("%s: %w", f.Name, plainSet(f, err)))
		}
	}
	return nil
}

// others checks the settings that are not among flags: another command's, which
// reads the same file.
func (d *document) others(flags, all *pflag.FlagSet) error {
	var failed error
	all.VisitAll(func(f *pflag.Flag) {
		if failed == nil && d.lines[f.Name] != 0 && flags.Lookup(f.Name) == nil && !f.Hidden {
			failed = d.set(all, f)
		}
	})
	return failed
}

// setting returns the flag of a key, nil for none. Other names of a flag are for
// the command line only.
func setting(all *pflag.FlagSet, key string) *pflag.Flag {
	if f := all.Lookup(key); f != nil && f.Name == key && !f.Hidden {
		return f
	}
	return nil
}

func names(fs *pflag.FlagSet) []string {
	var all []string
	fs.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f.Name)
		}
	})
	return all
}

func unknown(key string, known []string) error {
	return &UnknownError{Key: key, Near: nearest.Name(strings.ReplaceAll(strings.ToLower(key), "_", "-"), known)}
}

func (d *document) place(line int) string { return fmt.Sprintf("%s:%d", d.path, line) }

func (d *document) at(line int, err error) error { return &Error{d.place(max(1, line)), err} }

// syntaxError takes the line out of yaml's message, and names the most frequent
// mistake.
func syntaxError(path string, data []byte, err error) error {
	m := regexp.MustCompile(`^yaml: line (\d+): (.*)$`).FindStringSubmatch(err.Error())
	if m == nil {
		what := strings.TrimPrefix(err.Error(), "yaml: ")
		if strings.Contains(what, "character that") { // yaml does not count when it is in the first line
			path += ":1"
		}
		return &Error{path, errors.New(what)}
	}
	line, _ := strconv.Atoi(m[1]) // digits
	lines := bytes.Split(data, []byte("\n"))
	for n := line; n >= 1 && n >= line-1; n-- { // yaml counts from where it noticed
		if n <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[n-1], " "), []byte("\t")) {
			return &Error{fmt.Sprintf("%s:%d", path, n), errors.New("indented with a tab; YAML takes spaces")}
		}
	}
	return &Error{fmt.Sprintf("%s:%d", path, line), errors.New(m[2])}
}
