package sqlstore_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
)

// statements are the constants of this package whose names begin with sql, by
// name, with what their parts add up to.
func statements(t testing.TB) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	// Constants need no imported package, so what cannot be imported is no fault.
	config := types.Config{Error: func(error) {}, Importer: importer.Default()}
	info := types.Info{Defs: map[*ast.Ident]types.Object{}}
	_, _ = config.Check("sqlstore", fset, files, &info)
	all := map[string]string{}
	for ident, object := range info.Defs {
		if c, ok := object.(*types.Const); ok && strings.HasPrefix(ident.Name, "sql") && c.Val().Kind() == constant.String {
			all[ident.Name] = constant.StringVal(c.Val())
		}
	}
	return all
}

// insertColumns finds how many values a row of a batched insert has.
var insertColumns = regexp.MustCompile(`\(([^)]*)\) VALUES $`)

// complete is a statement that can be prepared: a batched insert gets one row.
func complete(statement string) string {
	m := insertColumns.FindStringSubmatch(statement)
	if m == nil {
		return statement
	}
	marks := make([]string, strings.Count(m[1], ",")+1)
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return statement + "(" + strings.Join(marks, ", ") + ")"
}

// fewestStatements is a number of statements below which the search for them is
// surely broken.
const fewestStatements = 60

// No page ever fails because of a misspelt statement: both databases understand every statement of the program.
func TestEveryStatementCanBePrepared(t *testing.T) {
	t.Parallel()
	all := statements(t)
	if len(all) < fewestStatements {
		t.Fatalf("found %d statements only: %q", len(all), slices.Sorted(maps.Keys(all)))
	}
	exotest.EachEngine(t, "empty", empty, func(t *testing.T, url string) {
		db := prompt(t, url).db
		prepare := func(text string) error {
			s, err := db.PrepareContext(context.Background(), text)
			if err != nil {
				return err
			}
			defer s.Close()
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if err := prepare(complete(all[name])); err != nil {
				t.Errorf("%s: %v\n%s", name, err, all[name])
			}
		}
		for _, wrong := range []string{"SELECT nothing FROM cars", "SELECT id FROM nowhere", "SELEC 1", "INSERT INTO settings (key) VALUES ($1"} {
			if prepare(wrong) == nil {
				t.Errorf("preparing %q is no fault, so this test sees nothing", wrong)
			}
		}
	})
}

// texts of a program that are SQL begin with one of these words.
var verb = regexp.MustCompile(`(?s)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|SET LOCAL)\s`)

// builders put statements together from pieces; other tests run what they make.
var builders = []string{"carPage", "cardsOf", "hasRows", "facets", "bookable", "carFilter", "Overrides", "extrasOf", "Bookings", "BookingsAfter", "MoneyOfAll", "Customers", "Jobs", "LockCarsForBulk", "SetPricesAndAvailability",
	"NextJob", "ClaimJobs", "settleJobs", "BeatJobs", "BuryWorker"}

// A new statement cannot slip past the test above: outside of the dialects and of the few builders, every SQL text is a constant named sql….
func TestEveryStatementHasAName(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "dialect_") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if isFunc && slices.Contains(builders, f.Name.Name) || name == "backup.go" {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok && !isFunc && strings.HasPrefix(spec.Names[0].Name, "sql") {
					return false
				}
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && verb.MatchString(strings.Trim(text.Value, "\"`")) {
					t.Errorf("%s: the statement %s is not a constant named sql…", fset.Position(n.Pos()), text.Value)
				}
				return true
			})
		}
	}
}
