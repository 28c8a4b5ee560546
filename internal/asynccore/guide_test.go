package asynccore_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the code in docs/PATTERNS.md from where it stands")

const root = "../../" // of the repository

// markerRE is the line above a block of Go in the guide. It names an Example,
// of this package or of another folder, or a declaration in a file:
//
//	<!-- example: ExampleGather -->
//	<!-- example: internal/runtime/httpx ExampleClient -->
//	<!-- source: internal/ops/batch.go batchRun.submit -->
var markerRE = regexp.MustCompile(`^<!-- (example|source): (?:(\S+) )?(\S+) -->$`)

var exampleRE = regexp.MustCompile(`\bExample[A-Z_][A-Za-z0-9_]*\b`)

// The guide and the code cannot drift apart: each block of Go in it stands, word
// for word, in an Example that runs or in a source file.
func TestGuide(t *testing.T) {
	name := root + "docs/PATTERNS.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	examples := make(exampleSet)
	for _, dir := range []string{"internal/asynccore", "internal/runtime/httpx"} {
		if err := examples.add(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, mention := range exampleRE.FindAllString(string(text), -1) {
		if !examples.mentioned(mention) {
			t.Errorf("%s names %s, which is not there or does not run", name, mention)
		}
	}
	want, err := examples.fillIn(string(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if *update && want != string(text) {
		if err := os.WriteFile(name, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(strings.Split(want, "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("the guide differs from the code (-code +guide); mend it with\n"+
			"\tgo test ./internal/asynccore -run TestGuide -update\n%s", diff)
	}
}

// fillIn returns the guide with the code that its markers ask for.
func (s exampleSet) fillIn(guide string) (string, error) {
	var out strings.Builder
	marker, fence := "", "" // the line before this one; the info string of the block we are in
	blocks := 0
	for n, line := range strings.SplitAfter(guide, "\n") {
		text := strings.TrimRight(line, "\n")
		info, isFence := strings.CutPrefix(text, "```")
		switch {
		case fence != "" && !isFence:
			if fence != "go" {
				out.WriteString(line)
			}
			continue
		case fence != "": // its end
			fence = ""
		case isFence && info == "go":
			code, err := s.code(marker)
			if err != nil {
				return "", fmt.Errorf("line %d: %w", n+1, err)
			}
			out.WriteString(line + code)
			fence, marker = info, ""
			blocks++
			continue
		case isFence && info != "text" && info != "sh":
			return "", fmt.Errorf("line %d: a block is go, text or sh, not %q", n+1, info)
		case isFence:
			fence = info
		}
		if markerRE.MatchString(marker) {
			return "", fmt.Errorf("line %d: no block of Go below %s", n+1, marker)
		}
		out.WriteString(line)
		marker = text
	}
	if fence != "" || blocks == 0 {
		return "", fmt.Errorf("%d blocks of Go, and the last block is open: %t", blocks, fence != "")
	}
	return out.String(), nil
}

// code returns what the marker names.
func (s exampleSet) code(marker string) (string, error) {
	m := markerRE.FindStringSubmatch(marker)
	if m == nil {
		return "", fmt.Errorf("the line above a block of Go says where the code stands, not %q", marker)
	}
	kind, place, name := m[1], m[2], m[3]
	if kind == "source" {
		return sourceCode(place, name)
	}
	code, ok := s[cmp.Or(place, "internal/asynccore")+" "+name]
	if !ok {
		return "", fmt.Errorf("%s is not there, or has no output and so does not run", name)
	}
	return code, nil
}

// exampleSet holds the bodies of the Examples that run, with what they print,
// by folder and name with a space between.
type exampleSet map[string]string

func (s exampleSet) add(dir string) error {
	files, err := filepath.Glob(root + dir + "/*_test.go")
	if err != nil {
		return err
	}
	for _, file := range files {
		src, fset, tree, err := parse(file)
		if err != nil {
			return err
		}
		for _, e := range doc.Examples(tree) {
			if e.Output == "" && !e.EmptyOutput {
				continue // compiled, but not run
			}
			body := find(tree, "Example"+e.Name).(*ast.FuncDecl).Body
			from, to := fset.Position(body.Lbrace).Offset+1, fset.Position(body.Rbrace).Offset
			s[dir+" Example"+e.Name] = dedent(src[from:to])
		}
	}
	return nil
}

// mentioned reports whether there is such an Example in any folder.
func (s exampleSet) mentioned(name string) bool {
	for key := range s {
		if strings.HasSuffix(key, " "+name) {
			return true
		}
	}
	return false
}

// sourceCode returns the declaration called name in the file, with its comment:
// a function, a type, or a method as Type.Method.
func sourceCode(file, name string) (string, error) {
	src, fset, tree, err := parse(root + file)
	if err != nil {
		return "", err
	}
	decl := find(tree, name)
	if decl == nil {
		return "", fmt.Errorf("there is no %s in %s", name, file)
	}
	from := decl.Pos()
	if c := docOf(decl); c != nil {
		from = c.Pos()
	}
	return string(src[fset.Position(from).Offset:fset.Position(decl.End()).Offset]) + "\n", nil
}

func parse(file string) ([]byte, *token.FileSet, *ast.File, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, nil, err
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	return src, fset, tree, err
}

func find(tree *ast.File, name string) ast.Decl {
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if funcName(d) == name {
				return d
			}
		case *ast.GenDecl:
			if spec, ok := d.Specs[0].(*ast.TypeSpec); ok && len(d.Specs) == 1 && spec.Name.Name == name {
				return d
			}
		}
	}
	return nil
}

// funcName is the name of d, behind that of its receiver's type for a method.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	recv := d.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if id, ok := recv.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return "" // of a generic type: the guide shows none
}

func docOf(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

// dedent takes one tab off each line of a function's body.
func dedent(body []byte) string {
	var out strings.Builder
	for line := range bytes.Lines(bytes.Trim(body, "\n")) {
		out.Write(bytes.TrimPrefix(line, []byte("\t")))
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
