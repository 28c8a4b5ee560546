// Package files is where bodies go: standard output, a file that appears whole
// or not at all, a folder of such files (Dir), or nowhere (None). Each output
// counts and, where asked, hashes what it took, so that a record tells what was
// written and not what was read.
//
// Nothing is ever written outside the folder of a Dir, whatever a URL, a line
// of input or a planted symbolic link says: all its work goes through os.Root.
// Names come from the URL (Name) or from the user (clean), never from a
// server.
//
// Every failure is typed and has an ErrorType: *NameError (input),
// *CollisionError (output_collision), *ChecksumError (checksum), *OutputError
// (output), whose cause errors.Is finds, as in syscall.ENOSPC.
//
// A reader starts with output.go, then file.go for one file and dir.go for
// many. What a killed run leaves behind is told in run.go.
package files
