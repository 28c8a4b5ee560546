package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Error is a setting that cannot be used.
type Error struct {
	Place string // "FILE:LINE" or the environment variable
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Place, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// UnknownError is a key that no setting has.
type UnknownError struct {
	Key  string
	Near string // what may have been meant; empty is nothing
}

func (e *UnknownError) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("unknown setting %q; did you mean %q?", e.Key, e.Near)
	}
	return fmt.Sprintf("unknown setting %q", e.Key)
}

// Source is where settings come from besides flags.
type Source struct {
	Getenv func(string) string // "" for a variable that is not set, and for ""
}

// seedNames are the variables that the system which this program grew out of
// documents, by flag. SPECIFY_<FLAG> goes over them.
var seedNames = map[string]string{
	"jobs": "SPECIFY_ASYNC_WORKERS", "read-timeout": "SPECIFY_ASYNC_TIMEOUT",
	"retry": "SPECIFY_ASYNC_RETRY_MAX", "per-host": "SPECIFY_ASYNC_POOL_SIZE",
}

// Variable is the environment variable of a flag: SPECIFY_RETRY_DELAY for
// retry-delay, SPECIFY_HTTP1_1 for http1.1.
func Variable(flag string) string {
	return "SPECIFY_" + strings.Map(func(r rune) rune {
		if r == '-' || r == '.' {
			return '_'
		}
		return unicode.ToUpper(r)
	}, flag)
}

// Apply sets the flags of flags that the command line left open, and notes in
// each where its value is from (see Origin). settings, which is asked where there
// is a file, makes those of the whole program: it may hold those of other commands,
// which are checked too. A setting that cannot be used is an *Error with its place;
// explicit is the value of --config.
func (s Source) Apply(flags *pflag.FlagSet, settings func() *pflag.FlagSet, explicit string) error {
	places, err := s.Places(explicit)
	if err != nil {
		return err
	}
	file := &document{}
	said := viper.NewWithOptions(viper.KeyDelimiter("\x00")) // no key is split, whatever dots it has
	var all *pflag.FlagSet
	if used, ok := places.Used(); ok {
		all = settings()
		if file, err = readDocument(used.Path, all); err != nil {
			return err
		}
		if err := file.trusted(all); err != nil {
			return err
		}
		file.vouched = used.Named
		if err := said.MergeConfigMap(file.values); err != nil {
			return &Error{file.path, err}
		}
	}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if failed == nil && !f.Hidden && !notSettings[f.Name] {
			failed = s.complete(flags, f, said, file)
		}
	})
	if failed == nil && all != nil {
		failed = file.others(flags, all)
	}
	if failed == nil && file.hosts != nil {
		failed = s.hosts(flags, all, file)
	}
	return failed
}

// notSettings are flags that say where or how to read settings, or that are
// questions; no file and no variable sets them.
var notSettings = map[string]bool{"config": true, "help": true, "version": true}

// complete gives f a value, unless the command line gave one: a variable's, else
// what the file said. It notes where that is from. Most flags have nothing of it,
// at every start: so nothing is made for them.
func (s Source) complete(flags *pflag.FlagSet, f *pflag.Flag, said *viper.Viper, file *document) error {
	if f.Changed {
		note(f, fromFlag, "flag")
		return nil
	}
	for _, name := range [...]string{Variable(f.Name), seedNames[f.Name]} {
		if value := s.Getenv(name); value != "" {
			if err := flags.Set(f.Name, value); err != nil {
				return &Error{name, fmt.Errorf("%s: %w", f.Name, plainSet(f, err))}
			}
			note(f, fromVariable, name)
			return nil
		}
	}
	if file.lines[f.Name] == 0 || !said.IsSet(f.Name) {
		return nil
	}
	note(f, fromFile, file.place(file.lines[f.Name]))
	return file.set(flags, f)
}

// plainSet takes the part of pflag's error that tells what is wrong; its whole
// quotes the value, which may be a secret.
func plainSet(f *pflag.Flag, err error) error {
	if _, number := errors.AsType[*strconv.NumError](err); number {
		if f.Value.Type() == "bool" {
			return errors.New("neither true nor false")
		}
		return errors.New("not a whole number")
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalid.Unwrap()
	}
	return err
}
