package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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

// Source is where settings come from besides flags.
type Source struct {
	Getenv func(string) string
}

// notSettings are flags that say where or how to read settings, or that are
// questions; no file and no variable sets them.
var notSettings = map[string]bool{"config": true, "help": true, "version": true}

// hereFile is the configuration file of the working directory.
const hereFile = "specify.yaml"

// notFromHere are flags that ./specify.yaml does not set, and what they would
// let it do: it comes with the folder's other files, from a pull request too.
var notFromHere = map[string]string{"allow-exec": "run commands"}

// seedNames are the variables that the system which this program grew out of
// documents, by flag. SPECIFY_<FLAG> goes over them.
var seedNames = map[string]string{
	"jobs": "SPECIFY_ASYNC_WORKERS", "read-timeout": "SPECIFY_ASYNC_TIMEOUT",
	"retry": "SPECIFY_ASYNC_RETRY_MAX", "per-host": "SPECIFY_ASYNC_POOL_SIZE",
}

// Variable is the environment variable of a flag: SPECIFY_RETRY_DELAY for
// retry-delay.
func Variable(flag string) string {
	return "SPECIFY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Apply sets the flags of flags that the command line left open. known are all
// settings of the program, so that a file may hold settings of other commands;
// a key outside of them is an *Error with its place. explicit is the value of
// --config.
func (s Source) Apply(flags *pflag.FlagSet, known func(key string) bool, explicit string) error {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00")) // no key is split, whatever dots it has
	path, err := s.find(explicit)
	if err != nil {
		return err
	}
	var file *document
	if path != "" {
		if file, err = readDocument(path, known); err != nil {
			return err
		}
		if err := file.trusted(); err != nil {
			return err
		}
		if err := v.MergeConfigMap(file.values); err != nil {
			return &Error{path, err}
		}
	}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if failed != nil || notSettings[f.Name] {
			return
		}
		names := []string{f.Name, Variable(f.Name)}
		if seed, ok := seedNames[f.Name]; ok {
			names = append(names, seed)
		}
		failed = errors.Join(v.BindPFlag(f.Name, f), v.BindEnv(names...))
		if failed == nil && !f.Changed && v.IsSet(f.Name) {
			failed = s.set(flags, f, v, file)
		}
	})
	return failed
}

// set gives f the value that viper chose, if it came from outside of the flags.
func (s Source) set(flags *pflag.FlagSet, f *pflag.Flag, v *viper.Viper, file *document) error {
	place := ""
	for _, name := range []string{Variable(f.Name), seedNames[f.Name]} {
		if place == "" && name != "" && s.Getenv(name) != "" {
			place = name
		}
	}
	values := []string{s.Getenv(place)}
	if place == "" {
		if file == nil || file.lines[f.Name] == 0 {
			return nil // the default
		}
		place = fmt.Sprintf("%s:%d", file.path, file.lines[f.Name])
		values = v.GetStringSlice(f.Name)
		if _, list := file.values[f.Name].([]any); !list {
			values = []string{v.GetString(f.Name)}
		}
	}
	for _, value := range values {
		if err := flags.Set(f.Name, value); err != nil {
			// pflag's message quotes the value, which may be a secret.
			return &Error{place, fmt.Errorf("%s: %w", f.Name, plainSet(err))}
		}
	}
	return nil
}

// plainSet takes the part of pflag's error that tells what is wrong.
func plainSet(err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalid.Unwrap()
	}
	return err
}

// find returns the path of the configuration file, or "" when there is none. A
// file that was named must be there.
func (s Source) find(explicit string) (string, error) {
	if explicit == "" {
		explicit = s.Getenv("SPECIFY_CONFIG")
	}
	if explicit != "" {
		if _, err := os.Stat(explicit); err != nil {
			return "", &Error{explicit, cause(err)}
		}
		return explicit, nil
	}
	for _, path := range []string{hereFile, s.user()} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return "", &Error{path, cause(err)}
		}
	}
	return "", nil
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
