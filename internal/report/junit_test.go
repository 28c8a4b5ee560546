package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

// element is what the schema that Jenkins validates with (the xUnit plugin's
// junit-10.xsd, the Surefire report format) says of an element: which children
// and attributes it may have, which attributes it must have, and whether it may
// hold text.
type element struct {
	children, may, must []string
	text                bool
}

var junitSchema = map[string]element{
	"testsuites": {children: []string{"testsuite"}, may: []string{"name", "time", "tests", "failures", "errors"}},
	"testsuite": {
		children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
		must:     []string{"name", "tests", "failures", "errors"},
		may:      []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
	},
	"properties": {children: []string{"property"}},
	"property":   {must: []string{"name", "value"}},
	"testcase": {
		children: []string{"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError", "system-out", "system-err"},
		must:     []string{"name"}, may: []string{"time", "classname", "group"},
	},
	"failure":    {may: []string{"type", "message"}, text: true},
	"error":      {may: []string{"type", "message"}, text: true},
	"skipped":    {may: []string{"type", "message"}, text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}

// surefireTime is the schema's SUREFIRE_TIME.
var surefireTime = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

// validate returns the first way in which document breaks the schema.
func validate(document []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var path []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(path) == 0 && name != "testsuites" {
				return fmt.Errorf("root %s", name)
			}
			if len(path) > 0 && !slices.Contains(junitSchema[path[len(path)-1]].children, name) {
				return fmt.Errorf("%s in %v", name, path)
			}
			if err := validateAttributes(name, token.Attr); err != nil {
				return err
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && !junitSchema[path[len(path)-1]].text && len(bytes.TrimSpace(token)) > 0 {
				return fmt.Errorf("text %q in %v", token, path)
			}
		}
	}
}

func validateAttributes(name string, attributes []xml.Attr) error {
	rules := junitSchema[name]
	seen := make(map[string]string)
	for _, attribute := range attributes {
		key := attribute.Name.Local
		if _, twice := seen[key]; twice || !slices.Contains(slices.Concat(rules.may, rules.must), key) {
			return fmt.Errorf("attribute %s of %s", key, name)
		}
		if key == "time" && !surefireTime.MatchString(attribute.Value) {
			return fmt.Errorf("time %q of %s", attribute.Value, name)
		}
		seen[key] = attribute.Value
	}
	for _, key := range rules.must {
		if _, ok := seen[key]; !ok {
			return fmt.Errorf("%s without %s", name, key)
		}
	}
	return nil
}

func TestJUnitKeepsToTheSchema(t *testing.T) {
	run, err := Collect(simulated(3000))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{
		"small": small(t), "simulated": run, "hostile": collect(t, hostileRecords()...), "empty": collect(t),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := WriteJUnit(&out, r); err != nil {
				t.Fatal(err)
			}
			if err := validate(out.Bytes()); err != nil {
				t.Error(err)
			}
			// A second opinion on the syntax where there is one.
			if xmllint, err := exec.LookPath("xmllint"); err == nil {
				lint := exec.Command(xmllint, "--noout", "--nonet", "-")
				lint.Stdin = &out
				if message, err := lint.CombinedOutput(); err != nil {
					t.Errorf("xmllint: %s", message)
				}
			}
		})
	}
}

// What the validation itself refuses.
func TestValidate(t *testing.T) {
	for _, document := range []string{
		`<testsuite name="x" tests="0" failures="0" errors="0"/>`,
		`<testsuites><testsuite tests="0" failures="0" errors="0"/></testsuites>`,
		`<testsuites skipped="0"/>`,
		`<testsuites time="1.5s"/>`,
		`<testsuites>text</testsuites>`,
		`<testsuites><testcase name="x"/></testsuites>`,
		`<testsuites>`,
	} {
		if validate([]byte(document)) == nil {
			t.Errorf("%s is taken for valid", document)
		}
	}
}

// The counts on suites are those of the cases in them, and no two cases of a
// suite have one name, duplicates in the list included.
func TestJUnitCounts(t *testing.T) {
	run, err := Collect(simulated(3000))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{"small": small(t), "simulated": run} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := WriteJUnit(&out, r); err != nil {
				t.Fatal(err)
			}
			var root junitCounts
			if err := xml.Unmarshal(out.Bytes(), &root); err != nil {
				t.Fatal(err)
			}
			var all junitCounts
			for _, suite := range root.Suites {
				var counted junitCounts
				names := make(map[string]bool)
				for _, test := range suite.Cases {
					if names[test.Name] {
						t.Errorf("two cases are named %q", test.Name)
					}
					names[test.Name] = true
					counted.Tests++
					counted.Failures += len(test.Failures)
					counted.Errors += len(test.Errors)
				}
				if suite.Tests != counted.Tests || suite.Failures != counted.Failures || suite.Errors != counted.Errors {
					t.Errorf("suite %s claims %d tests, %d failures, %d errors; it has %+v", suite.Name, suite.Tests, suite.Failures, suite.Errors, counted)
				}
				all.Tests += counted.Tests
				all.Failures += counted.Failures
				all.Errors += counted.Errors
			}
			if root.Tests != all.Tests || root.Failures != all.Failures || root.Errors != all.Errors ||
				all.Tests != len(r.Rows) || all.Failures != r.Totals.Failed || all.Errors != r.Totals.Unfinished {
				t.Errorf("the root claims %d tests, %d failures, %d errors; the suites have %+v", root.Tests, root.Failures, root.Errors, all)
			}
		})
	}
}

// junitCounts is a testsuites or testsuite element.
type junitCounts struct {
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Suites   []junitCounts `xml:"testsuite"`
	Cases    []struct {
		Name     string     `xml:"name,attr"`
		Failures []struct{} `xml:"failure"`
		Errors   []struct{} `xml:"error"`
	} `xml:"testcase"`
}

// An unfinished task must not look green.
func TestJUnitUnfinishedIsAnError(t *testing.T) {
	rec := blank(0, "https://example.com/")
	rec.Outcome = task.Unfinished
	var out bytes.Buffer
	if err := WriteJUnit(&out, collect(t, rec)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte(`<error type="unfinished" message="unfinished">`)) {
		t.Errorf("no error in\n%s", out.Bytes())
	}
}
