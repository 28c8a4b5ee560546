package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/specify-cli/specify/internal/task"
)

// records validates the records in a file (or stdout) against the schema and
// compares their essence, a line each in the order of the input, with a file:
// records out.ndjson want
//
// The essence is seq, outcome, status or "-", error type or "-", attempts, and
// the URL's path.
func records(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: records FILE WANT")
	}
	got, err := essence(ts.ReadFile(args[0]))
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := ts.ReadFile(args[1]); got != want {
		ts.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
}

func essence(ndjson string) (string, error) {
	schema, err := recordSchema()
	if err != nil {
		return "", err
	}
	var all []task.Record
	for line := range strings.Lines(ndjson) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		if err := schema.Validate(value); err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		var r task.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b task.Record) int { return int(a.Seq - b.Seq) })
	var b strings.Builder
	for _, r := range all {
		status, kind := "-", "-"
		if r.Status != 0 {
			status = fmt.Sprint(r.Status)
		}
		if r.Error != nil {
			kind = string(r.Error.Type)
		}
		path := r.URL
		if _, after, ok := strings.Cut(path, "//"); ok {
			_, path, _ = strings.Cut(after, "/")
		}
		fmt.Fprintf(&b, "%d %s %s %s %d /%s\n", r.Seq, r.Outcome, status, kind, r.Attempts, path)
	}
	return b.String(), nil
}

func recordSchema() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "testdata", "schema", "specify.result.v1.schema.json"))
}

func TestSchemaCompiles(t *testing.T) {
	if _, err := recordSchema(); err != nil {
		t.Fatal(err)
	}
}
