package report

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page
var page embed.FS

// scripts are the parts of the page's one script, in the order in which they
// need each other.
var scripts = []string{"dom.js", "format.js", "data.js", "charts.js", "sections.js", "filter.js", "grid.js", "details.js", "main.js"}

// WriteHTML writes the report as one HTML file that needs nothing else: style,
// script and data are in it, and its Content-Security-Policy forbids every
// connection and every script but its own.
//
// The head is plain HTML; tables and charts are drawn from the data when the
// page opens, and of the table of tasks only the rows in sight are drawn.
func WriteHTML(w io.Writer, r *Report) error {
	view, err := newHTMLView(r)
	if err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	tmpl, err := template.ParseFS(page, "page/report.html.tmpl")
	if err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := tmpl.ExecuteTemplate(out, "head", view); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	// The data goes around the template: it is large, and encoded for a script
	// element already (see columns.go).
	fmt.Fprint(out, `<script type="application/json" id="data">`)
	if err := writeData(out, r); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	fmt.Fprint(out, "</script>\n")
	if err := tmpl.ExecuteTemplate(out, "tail", view); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	return nil
}

// htmlView is what the template shows without the help of the script.
type htmlView struct {
	Title    string
	Headline string
	Mark     string // names the verdict's style: good, bad or stopped
	Facts    []string
	Outcomes []htmlOutcome
	Policy   string
	CSS      template.CSS
	JS       template.JS
}

type htmlOutcome struct {
	Key, Name, Count string
	Share            string // of all tasks, in percent
}

func newHTMLView(r *Report) (htmlView, error) {
	css, err := page.ReadFile("page/report.css")
	if err != nil {
		return htmlView{}, err
	}
	var js strings.Builder
	js.WriteString("\"use strict\";\n")
	for _, name := range scripts {
		part, err := page.ReadFile("page/" + name)
		if err != nil {
			return htmlView{}, err
		}
		js.Write(part)
	}
	view := htmlView{
		Title: "specify: " + r.headline(), Headline: r.headline(), Mark: "good", Facts: r.facts(),
		CSS: template.CSS(css), JS: template.JS(js.String()),
		Policy: "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " +
			policyHash(string(css)) + "; script-src " + policyHash(js.String()),
	}
	if r.Totals.Failed > 0 {
		view.Mark = "bad"
	} else if r.Totals.Unfinished > 0 {
		view.Mark = "stopped"
	}
	for _, o := range []struct {
		key, name string
		count     int
	}{
		{"ok", "ok", r.Totals.OK}, {"not_modified", "not modified", r.Totals.NotModified},
		{"failed", "failed", r.Totals.Failed}, {"unfinished", "unfinished", r.Totals.Unfinished},
	} {
		share := 100 * float64(o.count) / float64(max(1, r.Totals.Tasks))
		view.Outcomes = append(view.Outcomes, htmlOutcome{o.key, o.name, showCount(o.count), showShare(share)})
	}
	return view, nil
}

// facts are the details under the headline, each short enough for a phone.
func (r *Report) facts() []string {
	var facts []string
	if !r.Start.IsZero() {
		facts = append(facts, r.Start.UTC().Format("2 January 2006, 15:04:05 UTC"), "took "+showDuration(r.Elapsed()))
	}
	facts = append(facts, plural(r.Totals.Retries, "retry"), showBytes(r.Totals.Bytes))
	if slowest := r.slowest(); slowest != nil && len(r.Origins) > 1 {
		fact := "slowest origin " + slowest.Name
		if why := slowest.Why(); why != "" {
			fact += " (" + why + ")"
		}
		facts = append(facts, fact)
	}
	return facts
}

// policyHash is the source expression that allows exactly this inline style or
// script (Content Security Policy Level 3 §2.3.1).
func policyHash(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
