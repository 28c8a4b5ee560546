package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPages are the man pages of all commands, by file name.
func manPages() map[string]string {
	pages := make(map[string]string)
	for _, cmd := range tree() {
		pages[page(cmd, "-")+".1"] = manPage(cmd)
	}
	return pages
}

// manPage is written in the macros of man(7), which every man understands.
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 \"\" specify \"User Commands\"\n", strings.ToUpper(page(cmd, "-")))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(page(cmd, "-")), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", paragraphs(about(cmd)))
	list, others := groups(cmd)
	if len(list) > 0 {
		b.WriteString(".SH OPTIONS\n")
	}
	for _, g := range list {
		fmt.Fprintf(&b, ".SS %q\n", roff(g.Heading))
		g.Flags.VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fP", roff(flagNames(f)))
			if value != "" {
				fmt.Fprintf(&b, " \\fI%s\\fP", roff(value))
			}
			fmt.Fprintf(&b, "\n%s", roff(usage))
			if def := fallback(f); def != "" {
				fmt.Fprintf(&b, " (%s)", roff(def))
			}
			b.WriteByte('\n')
		})
	}
	if others {
		b.WriteString(".PP\nIt also takes all options of the other commands.\n")
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(unindented(cmd.Example)))
	}
	if !cmd.HasParent() {
		b.WriteString(common)
	}
	if seen := related(cmd); len(seen) > 0 {
		b.WriteString(".SH SEE ALSO\n")
		for i, other := range seen {
			if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, ".BR %s (1)", roff(page(other, "-")))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// common stands on the page of the program alone.
const common = `.SH ENVIRONMENT
Every option is also a variable: \fBSPECIFY_RETRY_DELAY\fP is \fB\-\-retry\-delay\fP.
\fBSPECIFY_CONFIG\fP is the configuration file.
\fBHTTP_PROXY\fP, \fBHTTPS_PROXY\fP, \fBALL_PROXY\fP, \fBNO_PROXY\fP, \fBSSL_CERT_FILE\fP, \fBNO_COLOR\fP, \fBCI\fP,
\fBOTEL_*\fP, \fBTRACEPARENT\fP, \fBTRACESTATE\fP and \fBBAGGAGE\fP mean what they mean elsewhere.
.SH FILES
.TP
.I ./specify.yaml
.TP
.I $XDG_CONFIG_HOME/specify/config.yaml
Options by their long names. The first that is there is read, unless \fB\-\-config\fP names another.
.SH EXIT STATUS
.TP
0
all is well
.TP
1
at least one task failed, and something answered
.TP
2
a usage, configuration or input error
.TP
3
no target answered at all
.TP
4
a checksum or a certificate failed
.TP
5
the deadline came with work left
.TP
6
a result or an output cannot be written
.TP
70
a bug in specify
.TP
130, 143
stopped by SIGINT, or by SIGTERM or SIGHUP; 141: standard output was closed
`

// roff is s as roff prints it: as it is.
func roff(s string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(s), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// paragraphs is a text whose empty lines part paragraphs, and whose indented
// lines stay as they are.
func paragraphs(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		switch {
		case line == "":
			b.WriteString(".PP\n")
		case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
			fmt.Fprintf(&b, ".br\n%s\n", roff(strings.TrimSpace(line)))
		default:
			b.WriteString(roff(line) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
