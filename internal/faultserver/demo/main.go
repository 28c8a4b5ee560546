// Command demo runs a command against the fault server, so that one can watch
// how it bears good, slow, flaky, throttled, broken and dead origins:
//
//	go run ./internal/faultserver/demo -- specify batch --file {urls}
//	go run ./internal/faultserver/demo -- curl -sSfZ --config {dir}/curl.txt
//
// {urls} in an argument becomes the path of a list of URLs, {dir} that of the
// temporary folder it is in, which is removed at the end. The command has our
// stdin, stdout, stderr and environment; demo itself writes nothing to stdout
// and exits with the command's code, or as a shell does: 126, 127, 128+n. (go
// run makes a 1 of every failure; build demo where the code counts.)
//
// With -list it prints the behaviours of the server, with -serve it serves them
// until it is interrupted and prints where.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"github.com/specify-cli/specify/internal/faultserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	// A terminal sends its SIGINT to the command as well: to pass ours on
	// would make two of it. We only must not end before the command does.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	code := run(ctx, interrupts, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// stdio is what the command gets as its own.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// run returns the exit code. The end of ctx reaches the command as SIGTERM; it
// ends -serve, and so does an interrupt.
func run(ctx context.Context, interrupts <-chan os.Signal, args []string, std stdio) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(std.err)
	list := flags.Bool("list", false, "print the behaviours of the server and exit")
	serve := flags.Bool("serve", false, "serve until interrupted, and print the addresses")
	flags.Usage = func() {
		fmt.Fprintln(std.err, "usage: demo [-list | -serve] [-- CMD [ARG]...]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *list {
		return exit(std, printBehaviours(std.out))
	}
	if !*serve && flags.NArg() == 0 {
		flags.Usage()
		return 2
	}
	server, err := faultserver.Start(faultserver.Config{Origins: len(origins)})
	if err != nil {
		return exit(std, err)
	}
	defer server.Close()
	if *serve {
		if err := printAddresses(std.out, server); err != nil {
			return exit(std, err)
		}
		select {
		case <-ctx.Done():
		case <-interrupts:
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "demo-")
	if err != nil {
		return exit(std, err)
	}
	defer os.RemoveAll(dir)
	urls, err := writeLists(dir, server)
	if err != nil {
		return exit(std, err)
	}
	return command(ctx, expand(flags.Args(), urls, dir), std)
}

// exit reports err and returns the exit code for it.
func exit(std stdio, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(std.err, "demo: error:", err)
	return 125
}

func printBehaviours(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "LISTENER\tMETHOD\tPATH\tONE ATTEMPT ENDS\tWHAT HAPPENS")
	for _, b := range faultserver.Behaviours() {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%v\t%s\n", b.Listener, b.Method, b.Path, b.Want, b.Doc)
	}
	return tab.Flush()
}

func printAddresses(w io.Writer, server *faultserver.Server) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range server.Listeners() {
		fmt.Fprintf(tab, "%s\t%s\n", name, server.URL(name, "/"))
	}
	fmt.Fprintf(tab, "counts\t%s\n", server.URL(faultserver.Plain, "/_stats"))
	fmt.Fprintf(tab, "authority\t%s\n", server.URL(faultserver.Plain, "/_ca.pem"))
	return tab.Flush()
}
