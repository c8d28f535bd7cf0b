package exodrive_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// thirdParty are the modules of others that our code imports, each with the
// reason why it is not our own code.
var thirdParty = map[string]string{
	"github.com/alecthomas/kong":               "command line: subcommands, flags and their help from one struct",
	"github.com/anishathalye/porcupine":        "tests: whether a history of concurrent bookings can be explained by one clerk who does one thing after the other",
	"github.com/andybalholm/brotli":            "brotli: a tenth smaller than gzip, for what is compressed once and sent often",
	"github.com/danielgtaylor/huma/v2":         "OpenAPI 3.1 and validation from the same Go types that the handlers use",
	"github.com/google/go-cmp":                 "tests: a readable difference of two large values",
	"github.com/jackc/pgx/v5":                  "the Postgres driver; under database/sql, as SQLite is",
	"github.com/jba/templatecheck":             "tests: type-checks templates against the structs they show",
	"github.com/klauspost/compress":            "gzip: faster than the standard library's at the same size",
	"github.com/maypok86/otter/v2":             "entries in memory: bounded by weight, no lock on a hit, keeps what is asked for again",
	"github.com/pressly/goose/v3":              "migrations: versions, order and transactions on both engines",
	"github.com/prometheus/client_golang":      "metrics in the format that every collector reads",
	"github.com/redis/rueidis":                 "Redis: one client for single, Sentinel and Cluster that joins the commands of many callers",
	"github.com/robfig/cron/v3":                "cron expressions: their five fields and what they mean, which everybody knows",
	"go.opentelemetry.io/otel":                 "traces: what a span says, in the words that every collector knows",
	"go.opentelemetry.io/otel/sdk":             "traces: spans, sampling and their bounded queue",
	"go.opentelemetry.io/otel/trace":           "traces: the span that a context carries",
	"go.opentelemetry.io/proto/otlp":           "tests: reads what a collector is sent",
	"go.uber.org/goleak":                       "tests: no goroutine outlives the part that began it",
	"golang.org/x/net":                         "tests: parses pages, so that assertions are about elements and not about text",
	"github.com/santhosh-tekuri/jsonschema/v6": "tests: whether answers and examples fit the schemas of the API's document",
	"github.com/viccon/sturdyc":                "bench: a cache in memory of others, to compare with",
	"golang.org/x/sync":                        "errgroup: independent parts of a read in parallel, with one error and one end",
	"google.golang.org/protobuf":               "tests: decodes what a collector is sent",
	"modernc.org/sqlite":                       "SQLite without C, so that one static binary runs everywhere",
	"pgregory.net/rapid":                       "tests: properties of price and days over generated cases that shrink",

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp": "traces: OTLP over HTTP, with its retries off and a queue that loses",
}

// Every module of others has a reason written down, and no reason outlives its module.
func TestThirdPartyModulesHaveReasons(t *testing.T) {
	goMod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range moduleBreaches(parseTree(t, goFiles(t)), string(goMod), thirdParty) {
		t.Error(breach)
	}
}

// A module without a reason and a reason without a module are both found.
func TestModuleBreaches(t *testing.T) {
	const goMod = "module " + ourModule + "\n\ngo 1.26.0\n\nrequire single.example/one v1.0.0\n\nrequire (\n" +
		"\tpgregory.net/rapid v1.3.0 // indirect\n\tgithub.com/a/b/v2 v2.0.0\n\tgithub.com/a/b v1.0.0\n)\n"
	tree := parseTree(t, map[string]string{
		"obs/log.go":      `package obs; import ("log/slog"; "single.example/one/sub")`,
		"obs/log_test.go": `package obs; import ("pgregory.net/rapid"; "github.com/a/b/v2/c"; "` + ourModule + `/httpx")`,
	})
	reasons := map[string]string{"single.example/one": "it is one", "pgregory.net/rapid": " ", "github.com/a/b": "it was used once"}

	got := moduleBreaches(tree, goMod, reasons)

	want := []string{
		"obs/log_test.go: imports github.com/a/b/v2, which has no reason in house_modules_test.go.",
		"obs/log_test.go: imports pgregory.net/rapid, which has no reason in house_modules_test.go.",
		"house_modules_test.go: gives a reason for github.com/a/b, which nothing imports.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the breaches are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// moduleBreaches compares the modules that the tree imports with those that have
// a reason. It goes by the imports and not by go.mod's mark "indirect", which is
// right only after go mod tidy.
func moduleBreaches(tree []source, goMod string, reasons map[string]string) []string {
	required := requiredModules(goMod)
	importer := map[string]string{} // the first file that imports a module
	var all []string
	for _, s := range tree {
		for _, imported := range s.imports() {
			first, _, _ := strings.Cut(imported, "/")
			if _, own := ours(imported); own || !strings.Contains(first, ".") {
				continue
			}
			module := ""
			for _, candidate := range required {
				if within(imported, []string{candidate}) && len(candidate) > len(module) {
					module = candidate
				}
			}
			if module == "" {
				all = append(all, fmt.Sprintf("%s: imports %s, for which go.mod has no module.", s.path, imported))
			} else if _, seen := importer[module]; !seen {
				importer[module] = s.path
			}
		}
	}
	for _, module := range slices.Sorted(maps.Keys(importer)) {
		if strings.TrimSpace(reasons[module]) == "" {
			all = append(all, fmt.Sprintf("%s: imports %s, which has no reason in house_modules_test.go.", importer[module], module))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(reasons)) {
		if importer[module] == "" {
			all = append(all, fmt.Sprintf("house_modules_test.go: gives a reason for %s, which nothing imports.", module))
		}
	}
	return all
}

// requiredModules are the paths in go.mod's require directives, of both forms.
func requiredModules(goMod string) []string {
	var modules []string
	block := false
	for line := range strings.SplitSeq(goMod, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "require" && words[1] == "(":
			block = true
		case len(words) == 1 && words[0] == ")":
			block = false
		case block && len(words) >= 2:
			modules = append(modules, words[0])
		case len(words) >= 3 && words[0] == "require":
			modules = append(modules, words[1])
		}
	}
	return modules
}
