package exodrive_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever opens the repository finds the house in order: imports go down the
// ranks, files and functions are short, only the dialects know the engine.
func TestHouse(t *testing.T) {
	for _, breach := range houseBreaches(parseTree(t, goFiles(t)), standardNames(t)) {
		t.Error(breach)
	}
}

// Each rule of the house finds the file that breaks it, and says so in one sentence.
func TestHouseRules(t *testing.T) {
	long := func(lines int) string { return strings.Repeat("\n", lines) }
	tests := map[string]struct {
		path, text string
		want       string // the breach, or "" when the file is in order
	}{
		"use-case imports the store": {"rental/book.go", `package rental; import "github.com/exodrive/exodrive/sqlstore"`, ""},
		"child imports its parent":   {"web/admin/page.go", `package admin; import "github.com/exodrive/exodrive/web"`, ""},
		"grandchild has the parent's rank": {"paypal/paypaltest/fake.go", `package paypaltest; import "github.com/exodrive/exodrive/rental"`,
			"paypal/paypaltest/fake.go: paypal/paypaltest (rank 1) imports rental (rank 2); a package imports lower ranks only."},
		"rank 1 imports rank 2": {"sqlstore/cars.go", `package sqlstore; import "github.com/exodrive/exodrive/rental"`,
			"sqlstore/cars.go: sqlstore (rank 1) imports rental (rank 2); a package imports lower ranks only."},
		"same rank": {"api/cars.go", `package api; import "github.com/exodrive/exodrive/live"`,
			"api/cars.go: api (rank 3) imports live (rank 3); a package imports lower ranks only."},
		"parent imports its child": {"web/page.go", `package web; import "github.com/exodrive/exodrive/web/admin"`,
			"web/page.go: web (rank 3) imports web/admin (rank 3); a package imports lower ranks only."},
		"root imports ours": {"car.go", `package exodrive; import "github.com/exodrive/exodrive/obs"`,
			"car.go: the root package (rank 0) imports obs (rank 0); a package imports lower ranks only."},
		"no rank":         {"garage/car.go", `package garage`, "garage/car.go: the package garage has no rank; give it one in house_rules_test.go."},
		"test imports up": {"sqlstore/cars_test.go", `package sqlstore_test; import "github.com/exodrive/exodrive/rental"`, ""},

		"front end with SQL": {"api/cars.go", `package api; import "database/sql"`,
			"api/cars.go: imports database/sql; api has rank 3, which never sees SQL."},
		"front end with pgx": {"live/feed.go", `package live; import "github.com/jackc/pgx/v5"`,
			"live/feed.go: imports github.com/jackc/pgx/v5; live has rank 3, which never sees SQL."},
		"front end with the store": {"web/admin/page.go", `package admin; import "github.com/exodrive/exodrive/sqlstore"`,
			"web/admin/page.go: imports github.com/exodrive/exodrive/sqlstore; web/admin has rank 3, which never sees SQL."},
		"front end with Redis": {"graph/cars.go", `package graph; import "github.com/redis/rueidis"`,
			"graph/cars.go: imports github.com/redis/rueidis; graph has rank 3, which never sees Redis."},
		"front end with PayPal": {"web/pay.go", `package web; import "github.com/exodrive/exodrive/paypal"`,
			"web/pay.go: imports github.com/exodrive/exodrive/paypal; web has rank 3, which never sees PayPal."},
		"Redis in the app": {"app/build.go", `package app; import "github.com/redis/rueidis"`,
			"app/build.go: imports github.com/redis/rueidis; only cache/rediscache imports a Redis client."},
		"Redis at home":          {"cache/rediscache/l2.go", `package rediscache; import "github.com/redis/rueidis"`, ""},
		"test support in a test": {"api/cars_test.go", `package api_test; import "github.com/exodrive/exodrive/exotest"`, ""},
		"test support in a program": {"cmd/exodrive/main.go", `package main; import "github.com/exodrive/exodrive/exotest"`,
			"cmd/exodrive/main.go: imports exotest, which only tests may do."},
		"cache imports ours": {"cache/entry.go", `package cache; import "github.com/exodrive/exodrive/obs"`,
			"cache/entry.go: imports obs; cache is usable by strangers and imports nothing of ours."},
		"root imports a module": {"car.go", `package exodrive; import "golang.org/x/text/language"`,
			"car.go: imports golang.org/x/text/language; the root package imports the standard library only."},
		"root reads files": {"car.go", `package exodrive; import "os"`, "car.go: imports os; the root package has no clock, no chance and no I/O."},
		"root does HTTP":   {"car.go", `package exodrive; import "net/http"`, "car.go: imports net/http; the root package has no clock, no chance and no I/O."},
		"root parses URLs": {"car.go", `package exodrive; import ("net/url"; "database/sql/driver")`, ""},
		"root reads the clock": {"car.go", "package exodrive\n\nimport \"time\"\n\nvar born = time.Now()",
			"car.go:5: uses time.Now; the root package has no clock, an instant is passed in."},
		"root knows time": {"car.go", "package exodrive; import \"time\"; const day = 24 * time.Hour", ""},

		"booking from the cache": {"rental/book.go", "package rental\nvar days = s.reads.availability",
			"rental/book.go:2: uses s.reads, which the cache answers; only catalog.go and what keeps it warm may."},
		"price from the cache": {"rental/quote.go", "package rental\nfunc (s *Service) Quote() {\n\ts.Car(ctx, id)\n}",
			"rental/quote.go:3: uses s.Car, which the cache answers; only catalog.go and what keeps it warm may."},
		"booking from the database": {"rental/book.go", "package rental\nvar car = s.store.Car(tx.Car(id))", ""},
		"warming":                   {"rental/warm_plan.go", "package rental\nvar x = s.reads.counts", ""},

		"folder that says nothing": {"rental/utils/text.go", `package text`,
			`rental/utils/text.go: lies in a folder "utils", a name that says nothing about what is in it.`},
		"name of the standard library": {"app/errors/errors.go", `package errors`,
			"app/errors/errors.go: its package is named errors like one of the standard library."},
		"mail is a room": {"mail/send.go", `package mail`, ""},
		"long file":      {"obs/log.go", "package obs" + long(401), "obs/log.go: has 401 lines; a file has at most 400."},
		"long test":      {"obs/log_test.go", "package obs" + long(401), "obs/log_test.go: has 401 lines; a file has at most 400."},
		"full file":      {"obs/log.go", "package obs" + long(400), ""},
		"generated file": {"obs/table.go", "// Code generated by hand. DO NOT EDIT.\n\npackage obs" + long(500), ""},
		"long function": {"obs/log.go", "package obs\n\nfunc Log() {" + long(60) + "}\n",
			"obs/log.go:3: the function Log has 61 lines; a function has at most 60."},
		"full function":         {"obs/log.go", "package obs\n\nfunc Log() {" + long(59) + "}\n", ""},
		"long function of test": {"obs/log_test.go", "package obs\n\nfunc TestLog() {" + long(99) + "}\n", ""},

		"case of an engine": {"sqlstore/cars.go", "package sqlstore\nfunc f(name string) {\nswitch name {\ncase \"sqlite\":\n}\n}",
			`sqlstore/cars.go:4: branches on the database engine ("sqlite"); only sqlstore/dialect*.go may.`},
		"comparison with an engine": {"rental/book.go", "package rental\nvar slow = store.Engine() != \"postgres\"",
			`rental/book.go:2: branches on the database engine ("postgres"); only sqlstore/dialect*.go may.`},
		"comparison with a constant": {"sqlstore/cars.go", "package sqlstore\nvar fast = d.name == enginePostgres",
			"sqlstore/cars.go:2: branches on the database engine (enginePostgres); only sqlstore/dialect*.go may."},
		"question for the engine": {"sqlstore/cars.go", "package sqlstore\nfunc f() {\nif s.isPostgres() {\n}\n}",
			"sqlstore/cars.go:3: branches on the database engine (isPostgres); only sqlstore/dialect*.go may."},
		"dialect knows its engine": {"sqlstore/dialect_sqlite.go", `package sqlstore; var x = name == "sqlite"`, ""},
		"configuration chooses":    {"app/config.go", `package app; var x = scheme == "sqlite"`, ""},
		"word in a sentence":       {"sqlstore/cars.go", `package sqlstore; var x = "sqlite is slow" + "postgres"`, ""},
	}
	standard := map[string]bool{"errors": true, "mail": true, "http": true}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(houseBreaches(parseTree(t, map[string]string{test.path: test.text}), standard), "\n")
			if got != test.want {
				t.Errorf("the breaches are %q, want %q", got, test.want)
			}
		})
	}
}

// goFiles reads all Go files of this module, by path from the root. Folders with
// a go.mod of their own are other modules.
func goFiles(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, otherModule := os.Stat(filepath.Join(name, "go.mod"))
			hidden := strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_")
			if name != "." && (hidden || otherModule == nil || entry.Name() == "testdata" || entry.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) == ".go" {
			text, err := os.ReadFile(name)
			texts[filepath.ToSlash(name)] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// standardNames are the names of the packages of the standard library that we
// could import.
func standardNames(t testing.TB) map[string]bool {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "go", "list", "std").Output()
	if err != nil {
		t.Fatalf("go list std: %v", err)
	}
	names := map[string]bool{}
	for imported := range strings.FieldsSeq(string(list)) {
		if !strings.Contains("/"+imported+"/", "/internal/") && !strings.HasPrefix(imported, "vendor/") {
			names[path.Base(imported)] = true
		}
	}
	return names
}
