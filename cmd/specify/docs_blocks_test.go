//go:build unix

package main

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// block is a fenced block of a document.
type block struct {
	lang, text string
	line       int  // of its fence, from 1
	marked     bool // <!-- not run --> stands above it
}

// command is one to run, as a document shows it.
type command struct {
	line         int
	text, output string
	shown        bool // output is all that it prints
}

func blocks(text string) (list []block) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		lang, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			continue
		}
		b := block{lang: lang, line: i + 1, marked: i > 0 && lines[i-1] == "<!-- not run -->"}
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			b.text += lines[i] + "\n"
		}
		list = append(list, b)
	}
	return list
}

func (b block) commands() []command {
	switch b.lang {
	case "console":
		return b.console()
	case "sh":
		return []command{{line: b.line + 1, text: script(b.text)}}
	case "yaml":
		return b.steps()
	case "groovy":
		return b.jenkins()
	}
	return nil
}

func (b block) console() (list []command) {
	for i, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, command{line: b.line + 1 + i, text: text, shown: true})
			continue
		}
		if len(list) == 0 {
			continue
		}
		last := &list[len(list)-1]
		if text, ok := strings.CutPrefix(line, "> "); ok && last.output == "" {
			last.text += "\n" + text
		} else {
			last.output += line + "\n"
		}
	}
	return list
}

// steps are the shell commands in a configuration of GitHub Actions (what is
// below the key "run") or GitLab CI ("script").
func (b block) steps() (list []command) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(b.text), &document); err != nil {
		return []command{{line: b.line, text: "echo not YAML; false"}}
	}
	var walk func(key string, n *yaml.Node)
	walk = func(key string, n *yaml.Node) {
		switch {
		case n.Kind == yaml.MappingNode:
			for i := 0; i < len(n.Content); i += 2 {
				walk(n.Content[i].Value, n.Content[i+1])
			}
		case n.Kind == yaml.ScalarNode && (key == "run" || key == "script"):
			list = append(list, command{line: b.line + n.Line, text: script(n.Value)})
		default:
			for _, item := range n.Content {
				walk(key, item)
			}
		}
	}
	walk("", &document)
	return list
}

// jenkinsStep is a step of a Jenkinsfile.
var jenkinsStep = regexp.MustCompile(`\bsh '([^']*)'`)

func (b block) jenkins() (list []command) {
	for i, line := range strings.Split(b.text, "\n") {
		if m := jenkinsStep.FindStringSubmatch(line); m != nil {
			list = append(list, command{line: b.line + 1 + i, text: script(m[1])})
		}
	}
	return list
}

// script runs text as a step of its own, which its first failure ends.
func script(text string) string { return "(set -e; " + strings.TrimSpace(text) + "\n)" }
