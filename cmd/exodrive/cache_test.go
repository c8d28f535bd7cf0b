package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/exotest"
)

// cached tells the X-Cache of what a path is answered.
func cached(t testing.TB, p *program, path string) string {
	t.Helper()
	response, err := client.Get(p.site + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, response.Status)
	}
	return response.Header.Get("X-Cache")
}

// figures are those of cache stats --json.
func figures(t testing.TB, env []string) (f api.CacheFigures) {
	t.Helper()
	r := must(t, "", env, "cache", "stats", "--json")
	if err := json.Unmarshal([]byte(r.out), &f); err != nil || r.errs != "" {
		t.Fatalf("%v in %q %q", err, r.out, r.errs)
	}
	return f
}

// An operator sees how the cache of a running server does, as a table and as JSON, and makes all of it worthless or what depends on a tag; who did is in the audit log.
//
// Red when: clear sends no tag.
func TestCacheOfARunningServer(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		smallFleet(t, url)
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token))
		env := append(on(url), "EXO_BASE_URL="+p.site, "EXO_ADMIN_TOKEN="+token)
		const list = "/api/cars?limit=5"
		_, id, _ := strings.Cut(get(t, p.site+list), `"id":"`)
		car := "/api/cars/" + id[:strings.Index(id, `"`)]
		// A load that a transaction of another test overlaps with is not kept.
		bothCached := func() bool { return cached(t, p, list) == "HIT" && cached(t, p, car) == "HIT" }
		eventually(t, callLimit, "both are cached", bothCached)
		before := figures(t, env)
		f := before.Families["list"]
		if f.Hits < 1 || f.Misses < 1 || f.HitRatio != float64(f.Hits)/float64(f.Hits+f.Misses) || f.Loads < 1 || before.Entries < 2 || before.Bytes < 1000 || before.LeaseMs <= 0 || before.Polls == 0 || before.Inconsistent != 0 {
			t.Errorf("the figures are %+v", before)
		}
		table := must(t, "", env, "cache", "stats").out
		for _, line := range []string{`(?m)^entries +\d+, [\d.]+ MB, 0 evicted$`, `(?m)^lease +\d+ ms left$`, `(?m)^audit +\d+ answers compared, 0 older than the bound$`, fmt.Sprintf(`(?m)^ +list +%d +0 +%d +%.1f %% +%d +0 `, f.Hits, f.Misses, 100*f.HitRatio, f.Loads)} {
			if !regexp.MustCompile(line).MatchString(table) {
				t.Errorf("the table has no line %s:\n%s", line, table)
			}
		}

		for _, c := range []struct{ args, says, list, car string }{
			{"--tag=cars", "What is cached of cars is worthless now, on all nodes", "MISS", "HIT"},
			{"--tag=car:*", "What is cached of car:* is worthless now", "HIT", "MISS"},
			{"", "Every cached answer is worthless now, on all nodes", "MISS", "MISS"},
		} {
			// The node hears its own clear once more by a poll. While another test's
			// transaction holds stamps back, what was loaded in between is refused then.
			eventually(t, callLimit, "both stay cached", func() bool {
				if !bothCached() {
					return false
				}
				time.Sleep(600 * time.Millisecond) // more than from poll to poll
				return bothCached()
			})
			if r := must(t, "", env, append([]string{"cache", "clear"}, strings.Fields(c.args)...)...); !strings.HasPrefix(r.out, c.says) || r.errs != "" {
				t.Errorf("clear %s says %q %q", c.args, r.out, r.errs)
			}
			if a, b := cached(t, p, list), cached(t, p, car); a != c.list || b != c.car {
				t.Errorf("after clear %s the list is a %s and the car a %s, want %s and %s", c.args, a, b, c.list, c.car)
			}
		}
		if after := figures(t, env); after.Epoch == before.Epoch || after.Families["list"].Loads < before.Families["list"].Loads+2 {
			t.Errorf("the figures went from %+v to %+v", before, after)
		}
		if trail := get(t, p.site+"/api/admin/audit", bearer); strings.Count(trail, "cache.clear") != 3 || !strings.Contains(trail, `"car:*"`) {
			t.Errorf("the audit log does not say who cleared the cache: %s", trail)
		}
		refused(t, run(t, "", env, "cache", "clear", "--tag="+strings.Repeat("x", 201)), "tag", "at most 200")
		for _, nothing := range []string{"nonsense tag", "garbage", "cars:*", "car:", "car:nobody", "slug:", "reviews"} {
			refused(t, run(t, "", env, "cache", "clear", "--tag="+nothing), "No answer depends on this tag", "car:ID", "slug:SLUG")
		}
	})
}

// Whoever has no token, a wrong one, one that may only read, or no server to ask, is told so in a sentence and what to do; nothing is cleared.
//
// Red when: EXO_BASE_URL is ignored; a command without a token asks all the same.
func TestCacheRefuses(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + t.TempDir() + "/exodrive.db"
	smallFleet(t, url)
	must(t, "", on(url), "admin", "create", "ann@example.com", "--name=Ann")
	reading := strings.TrimSpace(must(t, "", on(url), "admin", "token", "ann@example.com", "--scopes=read").out)
	p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token))
	get(t, p.site+"/api/cars")
	env := func(base, secret string) []string {
		return append(on(url), "EXO_BASE_URL="+base, "EXO_ADMIN_TOKEN="+secret)
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + nobody.Addr().String()
	nobody.Close()
	for _, command := range []string{"clear", "stats"} {
		refused(t, run(t, "", env(p.site, ""), "cache", command), "an administrator's token", "EXO_ADMIN_TOKEN", "exodrive admin token")
		refused(t, run(t, "", env(p.site, token+"x"), "cache", command), "token")
		refused(t, run(t, "", env(gone, token), "cache", command), "no server answers at "+gone, "EXO_BASE_URL")
		refused(t, run(t, "", env(p.ops, token), "cache", command), p.ops+" answered 404")
	}
	refused(t, run(t, "", env(p.site, reading), "cache", "clear"), `does not have the scope "operate"`)
	if got := cached(t, p, "/api/cars"); got != "HIT" {
		t.Errorf("after nine refusals the list is a %s", got)
	}
	if f := figures(t, env(p.site, reading)); f.Entries == 0 {
		t.Errorf("who may read sees %+v", f)
	}
}
