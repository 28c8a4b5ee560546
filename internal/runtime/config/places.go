package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// hereFile is the configuration file of the working directory.
const hereFile = "specify.yaml"

// Place is where a configuration file may be.
type Place struct {
	Name  string // "--config", "SPECIFY_CONFIG", or the path itself
	Path  string // empty when nothing was named
	Named bool   // by the user, rather than found where it lies
	Used  bool   // the file to read
	There bool   // known for those up to the one that is used, and the found ones
}

// Places are all the places where a configuration file may be, the first first.
type Places []Place

// Used is the place of the file to read, if there is one.
func (p Places) Used() (Place, bool) {
	for _, place := range p {
		if place.Used {
			return place, true
		}
	}
	return Place{}, false
}

// Places looks for the configuration file: --config, whose value explicit is,
// $SPECIFY_CONFIG, the working directory's, the user's own. The first is used. A
// file that was named must be there, and one that is there must be readable,
// else the error is an *Error.
func (s Source) Places(explicit string) (Places, error) {
	places := Places{
		{Name: "--config", Path: explicit, Named: true},
		{Name: "SPECIFY_CONFIG", Path: s.Getenv("SPECIFY_CONFIG"), Named: true},
		{Name: "./" + hereFile, Path: hereFile},
		{Name: s.user(), Path: s.user()},
	}
	used := false
	for i := range places {
		p := &places[i]
		if p.Path == "" || used && p.Named {
			continue
		}
		_, err := os.Stat(p.Path)
		p.There = err == nil
		switch {
		case used:
		case err == nil:
			p.Used, used = true, true
		case p.Named || !absent(err):
			return places, &Error{p.Path, cause(err)}
		}
	}
	return places, nil
}

// absent reports that there is no file, as far as we may know: a home directory
// that is closed to us has none for us.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// user is the place of the user's own file (XDG Base Directory Specification).
func (s Source) user() string {
	dir := s.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home := s.Getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "specify", "config.yaml")
}

func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// State says in a word or two what became of the place.
func (p Place) State() string {
	switch {
	case p.Used:
		return "used"
	case p.Path == "":
		return "not set"
	case p.There:
		return "there, not read: one file is"
	case p.Named:
		return "not read: one file is"
	}
	return "not there"
}
