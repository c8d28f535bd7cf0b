package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// smallFleet fills a database; the day is today, so that servers find its rentals
// around them.
func smallFleet(t testing.TB, databaseURL string, more ...string) result {
	t.Helper()
	args := []string{"seed", "--cars=30", "--bookings=200", "--reviews=100", "--seed=7", "--day=" + time.Now().UTC().Format(time.DateOnly)}
	return must(t, "", on(databaseURL), append(args, more...)...)
}

// Migrate says from where to where, and a second time that there is nothing to do.
func TestMigrate(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		if r := must(t, "", on(url), "migrate"); r.out != fmt.Sprintf("Migrated the schema from version 0 to %d.\n", schema) || r.errs != "" {
			t.Errorf("the first time it says %q %q", r.out, r.errs)
		}
		if r := must(t, "", on(url), "migrate"); r.out != fmt.Sprintf("The schema is up to date: version %d.\n", schema) || r.errs != "" {
			t.Errorf("the second time it says %q %q", r.out, r.errs)
		}
	})
}

// One seed and day give one fleet, on both engines; another seed gives another.
func TestSeedIsDeterministic(t *testing.T) {
	t.Parallel()
	reference := "sqlite:" + filepath.Join(t.TempDir(), "reference.db")
	smallFleet(t, reference)
	first := serve(t, "", on(reference))
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		smallFleet(t, url)
		same(t, first, serve(t, "", on(url)))
	})
	other := "sqlite:" + filepath.Join(t.TempDir(), "other.db")
	smallFleet(t, other, "--seed=8")
	if p := serve(t, "", on(other)); get(t, first.site+"/api/cars") == get(t, p.site+"/api/cars") {
		t.Error("two seeds give the same cars")
	}
}

// Seed shows how it goes, fills only an empty database, and refuses numbers that make no fleet.
func TestSeed(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		r := smallFleet(t, url)
		if !regexp.MustCompile(`^Seeded 30 cars, 200 bookings and 100 reviews in [\d.]+ s\.\n$`).MatchString(r.out) {
			t.Errorf("at the end it says %q", r.out)
		}
		for _, step := range []string{"places", "cars: 30", "bookings: 200", "reviews: 100"} {
			if !regexp.MustCompile(`(?m)^ +[\d.]+ s  ` + step).MatchString(r.errs) {
				t.Errorf("on the way it does not say %s:\n%s", step, r.errs)
			}
		}
		refused(t, run(t, "", on(url), "seed", "--cars=3", "--bookings=3", "--reviews=3"), "has cars already")
		for _, wrong := range []string{"--cars=0", "--cars=-1", "--bookings=-1", "--reviews=-1"} {
			refused(t, run(t, "", on(url), "seed", wrong), "at least one car")
		}
		refused(t, run(t, "", on(url), "seed", "--cars=100000000"), "at most 200000 cars")
		if n := count(t, prompt(t, url), `SELECT COUNT(*) FROM cars`); n != 30 {
			t.Errorf("there are %d cars, want 30", n)
		}
	})
}

// An administrator made at the command line gets a token that opens the API as far as its scopes say.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		refused(t, run(t, "", on(url), "admin", "create", "ann", "--name=Ann"), `"ann" is not a mail address`)
		refused(t, run(t, "", on(url), "admin", "token", "ann@example.com"), "There is no administrator ann@example.com", "exodrive admin create ann@example.com")
		if r := must(t, "", on(url), "admin", "create", "Ann@example.com", "--name=Ann"); !strings.Contains(r.out, "exodrive admin token Ann@example.com") {
			t.Errorf("it does not say how to go on: %s", r.out)
		}
		refused(t, run(t, "", on(url), "admin", "create", "ann@EXAMPLE.com", "--name=Ann"), "already an administrator with this address")
		refused(t, run(t, "", on(url), "admin", "token", "ann@example.com", "--scopes=fly"), `"fly" is not a scope`)
		secret := func(scopes string) string {
			r := must(t, "", on(url), "admin", "token", "ann@example.com", "--scopes="+scopes)
			if !regexp.MustCompile(`^exo_[A-Za-z0-9_-]{43}\n$`).MatchString(r.out) || !strings.Contains(r.errs, "only time") {
				t.Fatalf("the output is %q and %q, want the token alone", r.out, r.errs)
			}
			return strings.TrimSpace(r.out)
		}
		everything, reading := secret("all"), secret("read")
		p := serve(t, "", on(url))
		for _, c := range []struct {
			method, path, token string
			want                int
		}{
			{http.MethodGet, "/api/admin/cars", everything, 200},
			{http.MethodGet, "/api/admin/cars", reading, 200},
			{http.MethodGet, "/api/admin/cars", everything + "x", 401},
			{http.MethodPost, "/api/admin/extras", reading, 403},
			{http.MethodPost, "/api/admin/extras", everything, 201},
		} {
			body := ""
			if c.method == http.MethodPost {
				body = example(t, p, c.path)
			}
			status, answer, err := call(c.method, p.site+c.path, body, "Authorization: Bearer "+c.token, "Content-Type: application/json")
			if err != nil || status != c.want {
				t.Errorf("%s %s: %d, %v, want %d\n%s", c.method, c.path, status, err, c.want, answer)
			}
		}
		if trail := get(t, p.site+"/api/admin/audit", "Authorization: Bearer "+everything); !strings.Contains(trail, "user.create") || !strings.Contains(trail, "token.create") {
			t.Errorf("the audit log does not say who was made:\n%s", trail)
		}
	})
}

// example is the body that the API's document shows for a POST.
func example(t testing.TB, p *program, path string) string {
	t.Helper()
	var document struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct{ Example json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(get(t, p.site+"/openapi.json")), &document); err != nil {
		t.Fatal(err)
	}
	body := document.Paths[path].Post.RequestBody.Content["application/json"].Example
	if body == nil {
		t.Fatalf("the document has no example for %s", path)
	}
	return string(body)
}

// The document at the command line is the one that the server shows, as JSON and as YAML.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	p := serve(t, "", anywhere)
	asJSON, asYAML := must(t, "", nil, "openapi").out, must(t, "", nil, "openapi", "--yaml").out
	var printed, shown any
	if err := json.Unmarshal([]byte(asJSON), &printed); err != nil {
		t.Fatalf("%v in %.300s", err, asJSON)
	}
	if err := json.Unmarshal([]byte(get(t, p.site+"/openapi.json")), &shown); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(printed), fmt.Sprint(shown); a != b { // fmt sorts maps
		t.Errorf("the documents differ:\n%.300s\n%.300s", a, b)
	}
	if asYAML != get(t, p.site+"/openapi.yaml") || !strings.Contains(asYAML, "\nopenapi: 3.1") && !strings.HasPrefix(asYAML, "openapi: 3.1") {
		t.Errorf("the YAML differs from the server's or is none: %.300s", asYAML)
	}
}

// A backup of a running server, put into an empty place, answers with the same bytes.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		smallFleet(t, url)
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token))
		file := filepath.Join(t.TempDir(), "backup")
		if r := must(t, "", on(url), "backup", file); !strings.Contains(r.out, "Wrote "+file) {
			t.Errorf("backup says %q", r.out)
		}
		refused(t, run(t, "", on(url), "backup", file), "exists already")
		refused(t, run(t, "", on(url), "backup", filepath.Join(file+"s", "x.db")), "there is no folder "+file+"s")

		empty := exotest.Postgres
		if strings.HasPrefix(url, "sqlite:") {
			empty = func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "new", "exodrive.db") }
		}
		place := empty(t)
		if r := must(t, "", on(place), "restore", file); r.out != "Restored "+file+".\n" {
			t.Errorf("restore says %q", r.out)
		}
		same(t, p, serve(t, "", on(place)))

		// What is there is replaced only when told to, and never by garbage.
		status, answer, err := call(http.MethodPost, p.site+"/api/admin/extras", example(t, p, "/api/admin/extras"), bearer, "Content-Type: application/json")
		if err != nil || status != http.StatusCreated {
			t.Fatalf("add an extra: %d, %v\n%s", status, err, answer)
		}
		if strings.HasPrefix(url, "sqlite:") {
			refused(t, run(t, "", on(url), "restore", file, "--yes"), "a server or another program has the database open; stop it first")
			get(t, p.site+"/api/admin/extras", bearer)
		}
		p.stop()
		extras := `SELECT COUNT(*) FROM extras`
		db := prompt(t, url)
		added := count(t, db, extras)
		garbage := filepath.Join(t.TempDir(), "garbage")
		if err := os.WriteFile(garbage, []byte(strings.Repeat("no backup ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, run(t, "", on(url), "restore", file), "not empty", "--yes")
		refused(t, run(t, "", on(url), "restore", garbage, "--yes"), garbage, "is not a backup")
		refused(t, run(t, "", on(url), "restore", file+"2", "--yes"), "cannot be read")
		if n := count(t, db, extras); n != added {
			t.Errorf("after three refusals there are %d extras, want %d", n, added)
		}
		_ = db.Close()
		must(t, "", on(url), "restore", file, "--yes")
		if n := count(t, prompt(t, url), extras); n != added-1 {
			t.Errorf("after the restore there are %d extras, want %d", n, added-1)
		}
		serve(t, "", on(url)).stop()
	})
}
