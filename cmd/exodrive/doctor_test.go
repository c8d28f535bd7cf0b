package main_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// said is the doctor's answer to a script.
type said struct {
	Level    string
	Findings []struct{ Check, Level, Figure, Meaning, Advice string }
}

func (s said) of(check string) string {
	for _, f := range s.Findings {
		if f.Check == check {
			return f.Level + " " + f.Figure
		}
	}
	return ""
}

func readSaid(t testing.TB, r result) (s said) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		t.Fatalf("%v: %s%s", err, r.out, r.errs)
	}
	return s
}

// The help tells a script what the exit code means.
func TestDoctorHelp(t *testing.T) {
	t.Parallel()
	help := strings.Join(strings.Fields(must(t, "", nil, "doctor", "--help").out), " ")
	for _, words := range []string{"--direct", "--json", "exit code is 1 if anything fails; warnings alone are 0"} {
		if !strings.Contains(help, words) {
			t.Errorf("the help does not say %q:\n%s", words, help)
		}
	}
}

// A running server is asked by itself; a reader gets lines, a script JSON, and the exit code tells whether anything fails.
func TestDoctorOfAServer(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		smallFleet(t, url)
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token))
		env := on(url, "EXO_ADMIN_TOKEN="+token, "EXO_BASE_URL="+p.site)
		r := must(t, "", env, "doctor")
		for _, line := range []string{
			`(?m)^ok    lease +(\d|not read yet)`, `(?m)^ok    indexes +all there$`, `(?m)^warn  backup +never\n      [A-Z].*\.\n      Run exodrive backup FILE`,
			`(?m)^warn  EXO_RATE_LIMITS +off\n`, `(?m)^\d+ ok, \d+ warn, 0 fail$`,
		} {
			if !regexp.MustCompile(line).MatchString(r.out) {
				t.Errorf("no line is like %q in\n%s", line, r.out)
			}
		}
		must(t, "", on(url), "backup", filepath.Join(t.TempDir(), "backup"))
		get(t, p.site+"/api/cars", "X-Forwarded-For: 203.0.113.9")
		s := readSaid(t, must(t, "", env, "doctor", "--json"))
		if s.Level != "warn" || !strings.HasPrefix(s.of("backup"), "ok ") || !strings.HasPrefix(s.of("EXO_TRUSTED_PROXIES"), "warn ") {
			t.Errorf("after a backup, and a call by a proxy, it says %+v", s)
		}
		exec1(t, prompt(t, url), `DROP INDEX idx_bookings_conflicts`)
		r = run(t, "", env, "doctor", "--json")
		if s := readSaid(t, r); r.code != 1 || s.Level != "fail" || s.of("indexes") != "fail idx_bookings_conflicts is missing" || !strings.Contains(r.errs, "something fails") {
			t.Errorf("without an index: exit code %d, %q, %+v", r.code, r.errs, s)
		}
		r = run(t, "", on(url, "EXO_ADMIN_TOKEN="+token+"x", "EXO_BASE_URL="+p.site), "doctor", "--json")
		if s := readSaid(t, r); s.of("server") != "warn answered 401" || s.of("indexes") != "fail idx_bookings_conflicts is missing" || !strings.Contains(r.out, "not known or was revoked") {
			t.Errorf("with a wrong token it says %s%s", r.out, r.errs)
		}
	})
}

// Without a server the stores themselves are looked at, and neither they nor the folder are another afterwards.
func TestDoctorOfTheStores(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		smallFleet(t, url)
		must(t, "", on(url), "backup", filepath.Join(t.TempDir(), "backup"))
		before := folderOf(t, url)
		s := readSaid(t, must(t, "", on(url), "doctor", "--direct", "--json"))
		if s.of("server") != "ok not asked" || s.of("indexes") != "ok all there" || s.of("lease") != "" || !regexp.MustCompile(`^ok \d+ s ago$`).MatchString(s.of("backup")) {
			t.Errorf("it says %+v", s)
		}
		for _, env := range [][]string{on(url), on(url, "EXO_ADMIN_TOKEN="+token, "EXO_BASE_URL=http://127.0.0.1:1")} {
			if s := readSaid(t, must(t, "", env, "doctor", "--json")); s.of("server") != "warn not asked" || s.of("indexes") != "ok all there" {
				t.Errorf("where no server can be asked it says %+v", s)
			}
		}
		if after := folderOf(t, url); after != before {
			t.Errorf("the folder was\n%s\nand is\n%s", before, after)
		}
		exec1(t, prompt(t, url), `UPDATE settings SET value = 'yes' WHERE key = 'demo'`)
		if s := readSaid(t, must(t, "", on(url), "doctor", "--direct", "--json")); s.of("EXO_DEMO") != "warn on" {
			t.Errorf("of a demo fleet it says %+v", s)
		}
		exec1(t, prompt(t, url), `UPDATE settings SET value = 'no' WHERE key = 'demo'`)
		p := serve(t, "", on(url))
		if s := readSaid(t, must(t, "", on(url), "doctor", "--direct", "--json")); s.of("plans") == "" || strings.HasPrefix(s.of("database"), "fail") {
			t.Errorf("beside a server it says %+v", s)
		}
		p.stop()
	})
}

// A server whose database is gone knows no token; what it answered is told, and then the stores are looked at.
//
// Red when: a refusal ends the doctor.
func TestDoctorOfAServerInTrouble(t *testing.T) {
	t.Parallel()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"code":"unavailable","detail":"The database does not answer just now; try again in a moment."}`)) // the caller says so
	}))
	defer ill.Close()
	r := run(t, "", append([]string{"DATABASE_URL=postgres://exo@127.0.0.1:1/fleet?sslmode=disable", "EXO_ADMIN_TOKEN=" + token, "EXO_BASE_URL=" + ill.URL}, anywhere...), "doctor", "--json")
	s := readSaid(t, r)
	if r.code != 1 || s.of("server") != "warn answered 503" || s.of("database") != "fail cannot be opened" || !strings.Contains(r.out, "The database does not answer just now") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.errs)
	}
}

// A database without our tables is told as that, and nobody is told to make an index on tables that are not there.
//
// Red when: the schema is read with the library's own query, which makes a table.
func TestDoctorOfABareDatabase(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		db := prompt(t, url)
		exec1(t, db, `CREATE TABLE cars (wheels INTEGER)`)
		look := func(want string) {
			t.Helper()
			r := run(t, "", on(url), "doctor", "--direct", "--json")
			if s := readSaid(t, r); r.code != 1 || s.of("database") != want || s.of("indexes") != "" || strings.Contains(r.out, "could not be looked at") {
				t.Errorf("exit code %d, want %q: %s%s", r.code, want, r.out, r.errs)
			}
		}
		look("fail not exodrive's")
		for _, command := range [][]string{{"serve"}, {"migrate"}, {"seed"}} {
			refused(t, run(t, "", on(url), command...), "holds tables of something else; name an empty database")
		}
		exec1(t, db, `DROP TABLE cars`)
		engine := "postgres"
		if strings.HasPrefix(url, "sqlite:") {
			engine = "sqlite"
		}
		look("fail " + engine + ", empty")
	})
}

// folderOf is what lies beside an embedded database, with hashes.
func folderOf(t testing.TB, url string) string {
	t.Helper()
	path, embedded := strings.CutPrefix(url, "sqlite:")
	if !embedded {
		return ""
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %x\n", e.Name(), sha256.Sum256(content))
	}
	return b.String()
}

// A database that is not there, or does not answer, is a fault, told in under five seconds; nothing is made.
func TestDoctorWithoutADatabase(t *testing.T) {
	t.Parallel()
	if _, err := build(); err != nil { // not within the time
		t.Fatal(err)
	}
	for name, url := range map[string]string{"no file": "", "nobody there": "postgres://exo@127.0.0.1:1/fleet?sslmode=disable"} {
		dir, begin := t.TempDir(), time.Now()
		r := run(t, dir, append([]string{"DATABASE_URL=" + url}, anywhere...), "doctor", "--direct")
		if r.code != 1 || !regexp.MustCompile(`(?m)^fail  database +cannot be opened\n      [A-Z].*\.$`).MatchString(r.out) {
			t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.out, r.errs)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%s: the folder has %v, %v", name, entries, err)
		}
	}
}
