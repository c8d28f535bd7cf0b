package api_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/api"
)

// A client that is made of the document knows every code that the server can answer with,
// also one that was added this morning.
//
// Red when: a code of error.go is left out of exodrive.Codes, or a refusal of package httpx
// of httpx.Codes.
func TestDocumentKnowsEveryCode(t *testing.T) {
	asJSON, _, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum []string `json:"enum"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(asJSON, &doc); err != nil {
		t.Fatal(err)
	}
	got := doc.Components.Schemas["Problem"].Properties["code"].Enum
	want := append(writtenCodes(t, "../*.go"), writtenCodes(t, "../httpx/*.go")...)
	if len(want) < 18 {
		t.Fatalf("only %d codes are found in the source: %v", len(want), want)
	}
	for _, code := range want {
		if !slices.Contains(got, code) {
			t.Errorf("the enum of Problem.code lacks %q", code)
		}
	}
	for _, code := range got {
		if !slices.Contains(want, code) {
			t.Errorf("the enum of Problem.code has %q, which the source does not write", code)
		}
	}
}

// writtenCodes are the codes that the files write: constants of the type Code, constants
// whose names begin with code, and the codes of every StatusError.
func writtenCodes(t *testing.T, glob string) (codes []string) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	add := func(x ast.Expr) {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, text)
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				of, _ := n.Type.(*ast.Ident)
				if of != nil && of.Name == "Code" || of == nil && strings.HasPrefix(n.Names[0].Name, "code") {
					for _, x := range n.Values {
						add(x)
					}
				}
			case *ast.CompositeLit:
				if of, ok := n.Type.(*ast.Ident); ok && of.Name == "StatusError" && len(n.Elts) == 3 {
					add(n.Elts[1])
				}
			}
			return true
		})
	}
	return codes
}
