// Package netrc reads .netrc files: who to log in as, by host. It knows what
// curl knows of the format: machine, default, login, password, account and
// macdef, comments, and words in double quotes.
package netrc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Load reads the file that NETRC names, else .netrc in the home directory.
// Errors name the file, which must be there.
func Load() (File, error) {
	name := os.Getenv("NETRC")
	if name == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return File{}, err
		}
		name = filepath.Join(home, ".netrc")
	}
	data, err := os.ReadFile(name)
	if err == nil {
		var f File
		if f, err = Parse(string(data)); err == nil {
			return f, nil
		}
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return File{}, fmt.Errorf("%s: %w", name, err)
}

// File is a .netrc. The zero value has no entries.
type File struct{ entries []entry }

// entry is what follows one "machine" or "default".
type entry struct {
	any             bool // a default
	host            string
	login, password string
}

// Parse reads data. Errors name the line and never repeat what stands there.
func Parse(data string) (File, error) {
	var (
		f     File
		words = words{rest: strings.TrimPrefix(data, "\ufeff"), line: 1}
	)
	for {
		key, ok, err := words.next()
		if err != nil || !ok {
			return f, err
		}
		switch key {
		case "default":
			f.entries = append(f.entries, entry{any: true})
			continue
		case "macdef":
			words.skipMacro()
			continue
		case "machine", "login", "password", "account":
		default:
			return File{}, fmt.Errorf("line %d: not machine, default, login, password, account or macdef", words.line)
		}
		line := words.line
		value, ok, err := words.next()
		switch {
		case err != nil:
			return File{}, err
		case !ok:
			return File{}, fmt.Errorf("line %d: nothing follows %q", line, key)
		case key == "machine":
			f.entries = append(f.entries, entry{host: value})
			continue
		case len(f.entries) == 0:
			return File{}, fmt.Errorf("line %d: %q before any machine", line, key)
		}
		switch last := &f.entries[len(f.entries)-1]; key {
		case "login":
			last.login = value
		case "password":
			last.password = value
		}
	}
}

// Find returns the first entry for host, whatever its case, or the first
// default. With a login it must be the entry's.
func (f File) Find(host, login string) (name, password string, ok bool) {
	for _, e := range f.entries {
		if (e.any || strings.EqualFold(e.host, host)) && (login == "" || login == e.login) {
			return e.login, e.password, true
		}
	}
	return "", "", false
}

// words are the words of a file, one after the other.
type words struct {
	rest string
	line int // of the word that was read last, from 1
}

// next returns the next word. One in double quotes may hold white space, and
// \n, \r and \t stand for it; \ before anything else is that itself.
func (w *words) next() (word string, ok bool, err error) {
	for w.rest != "" {
		switch c := w.rest[0]; {
		case c == '\n':
			w.line++
			w.rest = w.rest[1:]
		case isSpace(c):
			w.rest = w.rest[1:]
		case c == '#':
			_, w.rest, _ = cutBefore(w.rest, "\n")
		case c == '"':
			return w.quoted()
		default:
			word, w.rest, _ = cutBefore(w.rest, " \t\r\n\f\v")
			return word, true, nil
		}
	}
	return "", false, nil
}

func (w *words) quoted() (word string, ok bool, err error) {
	var b strings.Builder
	for i := 1; i < len(w.rest); i++ {
		switch c := w.rest[i]; c {
		case '"':
			w.rest = w.rest[i+1:]
			return b.String(), true, nil
		case '\n':
			return "", false, fmt.Errorf("line %d: a quote that does not end", w.line)
		case '\\':
			if i++; i < len(w.rest) {
				b.WriteString(unescaped(w.rest[i : i+1]))
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false, fmt.Errorf("line %d: a quote that does not end", w.line)
}

func unescaped(c string) string {
	switch c {
	case "n":
		return "\n"
	case "r":
		return "\r"
	case "t":
		return "\t"
	}
	return c
}

// skipMacro goes behind the macro's end, an empty line.
func (w *words) skipMacro() {
	body, rest, found := strings.Cut(strings.ReplaceAll(w.rest, "\r\n", "\n"), "\n\n")
	w.line += strings.Count(body, "\n")
	w.rest = ""
	if found {
		w.rest, w.line = rest, w.line+2
	}
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n\f\v", c) >= 0 }

// cutBefore cuts s before the first of chars.
func cutBefore(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:], true
	}
	return s, "", false
}
