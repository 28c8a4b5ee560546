// Package process runs other programs: one command at a time to its end, with
// a limit, its outputs streamed in bounded memory, and nothing of it left
// behind. It is the only package that starts processes.
//
// Two modes. In the background, for the exec lines of a batch, a command gets
// the null device as stdin, a session of its own and an environment without
// our settings; when it ends, what it has started and left in its process
// group is killed, and when it is stopped its whole session and all its
// descendants are. In the foreground, for "specify exec", it has our own
// standard streams, a terminal included, gets the signals that we get, and
// may leave processes behind, as it may under a shell.
//
// On Linux a child dies with us however we end (PDEATHSIG). Elsewhere, and
// for grandchildren everywhere, a caller that exits without waiting for Run
// calls KillAll first. Windows has job objects for both.
//
// What it does not do: there is no shell, so an argument is never anything
// else, and a script without a #! line is not run (ENOEXEC); retries are the
// caller's; as process 1 of a container it is no init and leaves orphaned
// zombies to the end of the run; a daemon, that is a descendant with a session
// of its own and no parent by the time that we look, is out of reach. A caller
// must not signal.Ignore SIGPIPE: children would inherit that, and pipelines
// in them would not end.
//
// A reader starts with command.go and run.go; watch.go decides when a command
// is stopped; group_unix.go says whom a signal reaches.
package process
