package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// document is a configuration file: its values, and the line of each key.
type document struct {
	path   string
	values map[string]any
	lines  map[string]int
}

func readDocument(path string, known func(key string) bool) (*document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{path, cause(err)}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, syntaxError(path, err)
	}
	d := &document{path: path, values: make(map[string]any), lines: make(map[string]int)}
	if len(root.Content) == 0 {
		return d, nil // empty, or comments only
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, d.at(top.Line, errors.New("not a list of settings (key: value)"))
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		switch {
		case !known(key.Value):
			return nil, d.at(key.Line, fmt.Errorf("unknown setting %q", key.Value))
		case d.lines[key.Value] != 0:
			return nil, d.at(key.Line, fmt.Errorf("setting %q stands twice, first in line %d", key.Value, d.lines[key.Value]))
		case value.Kind != yaml.ScalarNode && value.Kind != yaml.SequenceNode:
			return nil, d.at(value.Line, fmt.Errorf("setting %q: neither a value nor a list", key.Value))
		}
		var v any
		if value.Kind == yaml.ScalarNode {
			v = value.Value // as it is written: 1m30s, 0700 and yes are for the flag to read
		} else if err := value.Decode(&v); err != nil {
			return nil, d.at(value.Line, fmt.Errorf("setting %q: %w", key.Value, err))
		}
		d.values[key.Value], d.lines[key.Value] = v, key.Line
	}
	return d, nil
}

// trusted refuses a setting that ./specify.yaml must not hold, also when that
// file was named.
func (d *document) trusted() error {
	here, err := os.Stat(hereFile)
	if err != nil {
		return nil
	}
	file, err := os.Stat(d.path)
	if err != nil || !os.SameFile(here, file) {
		return nil
	}
	for key, might := range notFromHere {
		if line := d.lines[key]; line != 0 {
			return d.at(line, fmt.Errorf("setting %q is not taken from ./%s: a file that comes with a folder must not %s; give the flag --%s, or set it in your own configuration file", key, hereFile, might, key))
		}
	}
	return nil
}

func (d *document) at(line int, err error) error {
	return &Error{fmt.Sprintf("%s:%d", d.path, line), err}
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// syntaxError takes the line out of yaml's message.
func syntaxError(path string, err error) error {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits
		return &Error{fmt.Sprintf("%s:%d", path, line), errors.New(m[2])}
	}
	return &Error{path, err}
}
