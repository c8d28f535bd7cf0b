package exodrive_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	ourModule    = "github.com/exodrive/exodrive"
	mostLines    = 400 // of a file
	mostFuncLine = 60  // of a function, first and last line included
)

// houseRanks says who may import whom: lower ranks only. A folder that is not
// listed has the rank of its nearest listed parent.
var houseRanks = map[string]int{
	"": 0, "cache": 0, "jobs": 0, "obs": 0,
	"sqlstore": 1, "cache/rediscache": 1, "httpx": 1, "paypal": 1, "mail": 1, "blob": 1, "demo": 1,
	"rental": 2, "doctor": 2,
	"api": 3, "live": 3, "web": 3, "web/admin": 3, "graph": 3,
	"app": 4, "stress": 4, "bench/stage": 4, "bench/report": 4, "bench/flow": 4,
	"cmd": 5, "bench": 5,
}

const frontRank = 3 // speaks HTTP and never sees SQL, Redis or PayPal

var (
	testFolders  = []string{"exotest", "e2e"}
	badFolders   = []string{"internal", "pkg", "utils", "models", "services"}
	redisModules = []string{"github.com/redis", "github.com/gomodule/redigo"}
	sqlModules   = []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite"}

	// stdNameAllowed are rooms named like a package of the standard library.
	// mail sends messages; net/mail, which parses them, is imported nowhere else.
	stdNameAllowed = []string{"mail"}

	// rootIO reach the world outside of the arguments, and rootPure lie under one of
	// them but do not.
	rootIO   = []string{"os", "net", "database/sql", "log", "syscall", "io/ioutil", "crypto/rand", "math/rand", "embed"}
	rootPure = []string{"net/url", "net/netip", "database/sql/driver"}
	clocks   = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

	// engineFolders may tell Postgres from SQLite: the dialects, the configuration
	// that chooses one, and what tests or measures both.
	engineFolders = []string{"app", "exotest", "e2e", "bench"}
	engineName    = regexp.MustCompile(`(?i)^"?(is|engine|dialect)?(postgres|postgresql|sqlite|sqlite3|pgx)"?$`)
)

// source is one Go file of the tree.
type source struct {
	path, dir string // slashes, from the repository's root; dir "" is the root
	lines     int
	file      *ast.File
	fset      *token.FileSet
}

// test tells whether the file is in no program: a _test.go file or test support.
func (s source) test() bool {
	return strings.HasSuffix(s.path, "_test.go") || within(s.dir, testFolders)
}

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// parseTree parses the text of Go files by path.
func parseTree(t testing.TB, texts map[string]string) []source {
	t.Helper()
	var tree []source
	for name, text := range texts {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir := strings.TrimPrefix(path.Dir(name), ".")
		tree = append(tree, source{name, dir, strings.Count(text, "\n"), file, fset})
	}
	slices.SortFunc(tree, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return tree
}

// houseBreaches lists who broke which rule of the house, a sentence each.
// standard holds the names of the standard library's packages.
func houseBreaches(tree []source, standard map[string]bool) []string {
	var all []string
	for _, s := range tree {
		all = append(all, sizeBreaches(s)...)
		all = append(all, nameBreaches(s, standard)...)
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		all = append(all, directionBreaches(s)...)
		all = append(all, forbiddenImports(s)...)
		all = append(all, engineBreaches(s)...)
		if s.dir == "" {
			all = append(all, rootBreaches(s)...)
		}
		if s.dir == "rental" {
			all = append(all, cachedBreaches(s)...)
		}
	}
	return all
}

// within tells whether a path is one of the parents or lies under one.
func within(name string, parents []string) bool {
	return slices.ContainsFunc(parents, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

// ours is the folder of an imported package of this module.
func ours(imported string) (dir string, ok bool) {
	if imported == ourModule {
		return "", true
	}
	return strings.CutPrefix(imported, ourModule+"/")
}

func rankOf(dir string) (int, bool) {
	for d := dir; d != "."; d = path.Dir(d) {
		if rank, ok := houseRanks[d]; ok {
			return rank, true
		}
	}
	return 0, false
}

func shown(dir string) string {
	if dir == "" {
		return "the root package"
	}
	return dir
}

// directionBreaches checks that imports go down the ranks.
func directionBreaches(s source) []string {
	if s.test() {
		return nil
	}
	rank, known := rankOf(s.dir)
	if !known {
		return []string{fmt.Sprintf("%s: the package %s has no rank; give it one in house_rules_test.go.", s.path, s.dir)}
	}
	var all []string
	for _, imported := range s.imports() {
		dir, own := ours(imported)
		if !own || within(dir, testFolders) || s.dir == "cache" { // forbiddenImports has the sentence
			continue
		}
		other, _ := rankOf(dir)
		child := dir != "" && strings.HasPrefix(s.dir, dir+"/")
		if other > rank || other == rank && !child {
			all = append(all, fmt.Sprintf("%s: %s (rank %d) imports %s (rank %d); a package imports lower ranks only.", s.path, shown(s.dir), rank, shown(dir), other))
		}
	}
	return all
}

// forbiddenImports checks what a package must not import whatever its rank.
func forbiddenImports(s source) []string {
	var all []string
	rank, _ := rankOf(s.dir)
	front := rank == frontRank && !s.test()
	for _, imported := range s.imports() {
		dir, own := ours(imported)
		redis := within(imported, redisModules)
		switch {
		case own && within(dir, testFolders) && !s.test():
			all = append(all, fmt.Sprintf("%s: imports %s, which only tests may do.", s.path, dir))
		case own && s.dir == "cache":
			all = append(all, fmt.Sprintf("%s: imports %s; cache is usable by strangers and imports nothing of ours.", s.path, shown(dir)))
		case front && (within(imported, sqlModules) || own && within(dir, []string{"sqlstore"})):
			all = append(all, fmt.Sprintf("%s: imports %s; %s has rank %d, which never sees SQL.", s.path, imported, s.dir, frontRank))
		case front && (redis || own && within(dir, []string{"cache/rediscache"})):
			all = append(all, fmt.Sprintf("%s: imports %s; %s has rank %d, which never sees Redis.", s.path, imported, s.dir, frontRank))
		case front && own && within(dir, []string{"paypal"}):
			all = append(all, fmt.Sprintf("%s: imports %s; %s has rank %d, which never sees PayPal.", s.path, imported, s.dir, frontRank))
		case redis && !s.test() && !within(s.dir, []string{"cache/rediscache"}):
			all = append(all, fmt.Sprintf("%s: imports %s; only cache/rediscache imports a Redis client.", s.path, imported))
		}
	}
	return all
}

// rootBreaches checks that the business imports the standard library only, and
// of that nothing with a clock, chance or I/O.
func rootBreaches(s source) []string {
	var all []string
	for _, imported := range s.imports() {
		first, _, _ := strings.Cut(imported, "/")
		_, own := ours(imported)
		switch {
		case own: // directionBreaches has its sentence
		case strings.Contains(first, "."):
			all = append(all, fmt.Sprintf("%s: imports %s; the root package imports the standard library only.", s.path, imported))
		case within(imported, rootIO) && !within(imported, rootPure):
			all = append(all, fmt.Sprintf("%s: imports %s; the root package has no clock, no chance and no I/O.", s.path, imported))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, selector.Sel.Name) {
				all = append(all, fmt.Sprintf("%s: uses time.%s; the root package has no clock, an instant is passed in.", s.at(n), selector.Sel.Name))
			}
		}
		return true
	})
	return all
}

// cachedFiles of package rental may read the cache: the public reads, what keeps them
// warm, and the figures, which tell of money and decide nothing.
var cachedFiles = regexp.MustCompile(`/(catalog|families|figures|known|rental|warm\w*)\.go$`)

// cachedReads are the families, and the methods of a Service that ask them.
var cachedReads = []string{"reads", "Cars", "Car", "Availability", "Reviews", "FleetCounts", "PublicPlaces", "PublicExtras", "Figures", "CarFigures", "carID"}

// cachedBreaches checks that no other use-case asks the cache: what decides about money
// or days, and what else administrators see, comes from the database.
func cachedBreaches(s source) []string {
	var all []string
	if cachedFiles.MatchString(s.path) {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == "s" && slices.Contains(cachedReads, selector.Sel.Name) {
				all = append(all, fmt.Sprintf("%s: uses s.%s, which the cache answers; only catalog.go and what keeps it warm may.", s.at(n), selector.Sel.Name))
			}
		}
		return true
	})
	return all
}

// nameBreaches checks the names of folders and packages.
func nameBreaches(s source, standard map[string]bool) []string {
	var all []string
	for folder := range strings.SplitSeq(s.dir, "/") {
		if slices.Contains(badFolders, folder) {
			all = append(all, fmt.Sprintf("%s: lies in a folder %q, a name that says nothing about what is in it.", s.path, folder))
		}
	}
	name := strings.TrimSuffix(s.file.Name.Name, "_test")
	if standard[name] && !slices.Contains(stdNameAllowed, name) {
		all = append(all, fmt.Sprintf("%s: its package is named %s like one of the standard library.", s.path, name))
	}
	return all
}

// sizeBreaches checks the lengths of the file and, outside of tests, of its
// functions. Generated files have no reader to spare.
func sizeBreaches(s source) []string {
	if ast.IsGenerated(s.file) {
		return nil
	}
	var all []string
	if s.lines > mostLines {
		all = append(all, fmt.Sprintf("%s: has %d lines; a file has at most %d.", s.path, s.lines, mostLines))
	}
	if s.test() {
		return all
	}
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
			if lines > mostFuncLine {
				all = append(all, fmt.Sprintf("%s: the function %s has %d lines; a function has at most %d.", s.at(f), f.Name.Name, lines, mostFuncLine))
			}
		}
	}
	return all
}

// engineBreaches finds branches on the database engine outside of the dialects:
// comparisons and cases with an engine's name, and names such as isPostgres.
func engineBreaches(s source) []string {
	dialect, _ := path.Match("sqlstore/dialect*.go", s.path)
	if dialect || within(s.dir, engineFolders) {
		return nil
	}
	var all []string
	breach := func(at ast.Node, name string) {
		all = append(all, fmt.Sprintf("%s: branches on the database engine (%s); only sqlstore/dialect*.go may.", s.at(at), name))
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		var operands []ast.Expr
		switch n := n.(type) {
		case *ast.Ident:
			if name := strings.ToLower(n.Name); name != strings.TrimPrefix(name, "is") && engineName.MatchString(name) {
				breach(n, n.Name)
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				operands = []ast.Expr{n.X, n.Y}
			}
		case *ast.CaseClause:
			operands = n.List
		}
		for _, operand := range operands {
			if name := operandName(operand); engineName.MatchString(name) && !strings.HasPrefix(strings.ToLower(name), "is") {
				breach(operand, name)
			}
		}
		return true
	})
	return all
}

// operandName is the text of a literal or the last name of an expression.
func operandName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Value
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// at is the file and line of a node.
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}
