package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
)

// hostile is what a server or a list could put into any field to break out of
// every format at once.
const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' onmouseover='alert(3)&lt;]]><!--" +
	"\x1b[31m\x1b]8;;http://evil.example\x07\u009b2J\b\x00\xff\u202egpj.exe\u2066\u200b\u2028" +
	"\n::error::owned\r\n  ::add-mask::x\n##[error]owned ##[set-env name=PATH]x ##vso[task.setvariable]x\n\n" +
	"| a | b |`code`![x](http://evil.example/x.png) [l](javascript:alert(4)) <b>@octocat</b> https://evil.example/ $x$\\|\\"

// hostileRecords are records of every outcome with hostile text in every string
// field there is.
func hostileRecords() []task.Record {
	var records []task.Record
	for i, outcome := range []task.Outcome{task.OK, task.NotModified, task.Failed, task.Unfinished, task.Failed} {
		rec := task.Record{
			Retries: make([]task.Retry, 2), Expect: make([]string, 2), Headers: make([]task.Field, 1),
			Error: new(task.Error), Output: new(task.Output), Attempts: 3, Status: 503, Start: runStart, Duration: time.Second,
		}
		taint(reflect.ValueOf(&rec).Elem())
		rec.Seq, rec.Outcome = int64(i), outcome
		rec.ID += strconv.Itoa(i)
		if i == 4 {
			rec.URL = "" // a command, known by its id
		} else {
			rec.URL = "https://" + rec.URL
		}
		records = append(records, rec)
	}
	return records
}

// taint sets every string below v to hostile.
func taint(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Pointer:
		if !v.IsNil() {
			taint(v.Elem())
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`"x"`))
			return
		}
		for i := range v.Len() {
			taint(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, field := range v.Fields() {
			taint(field)
		}
	}
}

// written is what write makes of the hostile records. Whatever the format, no
// character in it may be one that something acts on instead of showing it.
func written(t *testing.T, write func(io.Writer, *Report) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, collect(t, hostileRecords()...)); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && !strconv.IsPrint(r) {
			t.Errorf("%q is in the output", r)
		}
	}
	return out.String()
}

func TestHostileText(t *testing.T) {
	for line := range strings.Lines(written(t, WriteText)) {
		for _, mark := range []string{"##[", "##vso[", "##teamcity["} {
			if strings.Contains(line, mark) {
				t.Errorf("a CI system acts on %q", line)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("GitHub Actions acts on %q", line)
		}
	}
}

func TestHostileAnnotations(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, Annotations), "\n"), "\n")
	if len(lines) != 3 {
		t.Errorf("%d lines, want one for each of two failures and one for the unfinished", len(lines))
	}
	for _, line := range lines {
		// As the runner reads it: "::", the name and its properties, "::", the rest.
		command, message, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		name, properties, _ := strings.Cut(command, " ")
		if !ok || !strings.HasPrefix(line, "::") || name != "error" {
			t.Errorf("%q is not an error command", line)
		}
		if !strings.HasPrefix(properties, "title=specify") || strings.ContainsAny(properties, ",:") {
			t.Errorf("properties %q, want a title alone", properties)
		}
		if message == "" {
			t.Errorf("%q has no message", line)
		}
	}
}

func TestHostileJUnit(t *testing.T) {
	known := map[string]bool{"testsuites": true, "testsuite": true, "testcase": true, "failure": true, "error": true, "system-err": true}
	decoder := xml.NewDecoder(strings.NewReader(written(t, WriteJUnit)))
	shown := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !known[token.Name.Local] {
				t.Errorf("element %s is not ours", token.Name.Local)
			}
			for _, attribute := range token.Attr {
				shown += strings.Count(attribute.Value, Visible(hostile))
			}
		case xml.CharData:
			shown += strings.Count(string(token), Visible(hostile))
		case xml.Comment, xml.Directive:
			t.Errorf("%T in the output", token)
		}
	}
	if shown < 20 {
		t.Errorf("the hostile text is read back %d times, want it in the places it belongs to", shown)
	}
}

func TestHostileMarkdown(t *testing.T) {
	known := map[string]bool{"html": true, "head": true, "body": true, "h3": true, "h4": true, "p": true, "code": true, "details": true, "summary": true,
		"table": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(goldhtml.WithUnsafe()))
	var rendered bytes.Buffer
	if err := markdown.Convert([]byte(written(t, WriteMarkdown)), &rendered); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&rendered)
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		if !known[node.Data] {
			t.Errorf("element %s is not ours", node.Data)
		}
		if node.Data == "tr" {
			cells, heads := 0, 0
			for range children(node) {
				cells++
			}
			for range children(firstElement(ancestor(node, "table"), "tr")) {
				heads++
			}
			if cells != heads {
				t.Errorf("a row of %d cells below %d heads", cells, heads)
			}
		}
	}
	var cells []string
	for node := range root.Descendants() {
		if node.Data == "code" {
			cells = append(cells, node.FirstChild.Data)
		}
	}
	if want := `</script><script>alert(1)</script>`; len(cells) < 4 || !strings.Contains(cells[0], want) {
		t.Errorf("code spans %q, want the text as it is in them", cells)
	}
}

func TestHostileHTML(t *testing.T) {
	page := written(t, WriteHTML)
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var data, script, style, policy string
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		for _, attribute := range node.Attr {
			if strings.HasPrefix(attribute.Key, "on") || attribute.Key == "style" || attribute.Key == "src" {
				t.Errorf("<%s %s=%q>", node.Data, attribute.Key, attribute.Val)
			}
			if attribute.Key == "http-equiv" {
				policy = attributeOf(node, "content")
			}
		}
		switch node.Data {
		case "img", "iframe", "object", "embed", "base":
			t.Errorf("<%s> in the page", node.Data)
		case "style":
			style += node.FirstChild.Data
		case "script":
			if attributeOf(node, "id") == "data" {
				data += node.FirstChild.Data
			} else {
				script += node.FirstChild.Data
			}
		}
	}
	// The policy names what is in the page by its hash: had the text added a
	// script or changed ours, its hash would differ and it would not run.
	for _, inline := range []string{style, script} {
		if !strings.Contains(policy, policyHash(inline)) {
			t.Errorf("policy %q does not allow our own %.30q", policy, inline)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "connect") {
		t.Errorf("policy %q does not forbid everything", policy)
	}
	var decoded struct {
		Columns map[string]any
		More    map[string]dataMore
	}
	if err := json.Unmarshal([]byte(data), &decoded); err != nil {
		t.Fatal(err)
	}
	if got := decoded.More["2"].Message; got != Visible(hostile) {
		t.Errorf("message %q, want %q", got, Visible(hostile))
	}
	if got := decoded.Columns["id"].([]any)[4]; got != Visible(hostile)+"4" {
		t.Errorf("id %q, want %q", got, Visible(hostile)+"4")
	}
}

func children(node *html.Node) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for child := range node.ChildNodes() {
			if child.Type == html.ElementNode && !yield(child) {
				return
			}
		}
	}
}

func ancestor(node *html.Node, name string) *html.Node {
	for node.Data != name {
		node = node.Parent
	}
	return node
}

func firstElement(node *html.Node, name string) *html.Node {
	for child := range node.Descendants() {
		if child.Data == name {
			return child
		}
	}
	return nil
}

func attributeOf(node *html.Node, key string) string {
	for _, attribute := range node.Attr {
		if attribute.Key == key {
			return attribute.Val
		}
	}
	return ""
}
