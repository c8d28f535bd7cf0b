package app

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// accessFile is the table of who may call what.
const accessFile = "../api/testdata/access.txt"

// Whatever this program answers, on the site or to its operators, somebody has said who
// may call it; and nothing that is only for operators is on the site.
func TestEveryRouteHasARow(t *testing.T) {
	file, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for line := range strings.Lines(string(file)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			words[f[0]+" "+f[1]] = f[2]
		}
	}
	config, err := Settings{
		Addr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0", RateLimits: "off", AccessLog: "off", TimeZone: "UTC", Demo: "true",
		DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "fleet.db"), DatabasePool: "20", DatabasePooler: "none",
	}.Config()
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), config, "test", slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	ops, ok := a.ops.Handler.(*http.ServeMux)
	if !ok {
		t.Fatalf("the operations listener has the handler %T, want a mux", a.ops.Handler)
	}
	site, operators := exotest.Patterns(t, a.routes(config, time.Now)), exotest.Patterns(t, ops)
	for _, route := range site {
		if words[route] == "" || words[route] == "operator" {
			t.Errorf("the site answers %s, and %s says of it %q; add its line, with page for a page that anybody may read", route, accessFile, words[route])
		}
	}
	for _, route := range operators {
		if words[route] != "operator" {
			t.Errorf("operators may call %s, and %s says of it %q; add its line, with operator", route, accessFile, words[route])
		}
	}
	for route := range words {
		if !slices.Contains(site, route) && !slices.Contains(operators, route) {
			t.Errorf("%s has a row for %s, and nothing answers it; remove it", accessFile, route)
		}
	}
}
