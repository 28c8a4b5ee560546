// Package config completes the flags of a command from the environment and the
// configuration file. The precedence is the flag, SPECIFY_*, the file, the
// default; viper keeps it. One file is read: the first of --config,
// $SPECIFY_CONFIG, ./specify.yaml and the user's own.
package config
