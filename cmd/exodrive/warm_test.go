package main_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
)

// The operator warms a running server from the command line, sees how far it is, and
// may name groups; a script gets JSON.
//
// Red when: a flag warms more than its group; progress goes where the result belongs; a failure is told as success.
func TestCacheWarm(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		p := serve(t, "", on(url, "EXO_ADMIN_TOKEN="+token), "--demo")
		env := []string{"EXO_BASE_URL=" + p.site, "EXO_ADMIN_TOKEN=" + token}
		counts := must(t, "", env, "cache", "warm", "--fleet-counts")
		if !regexp.MustCompile(`^Warmed fleet counts: 1 loaded, 0 there already in [\d.]+ s\.\n$`).MatchString(counts.out) {
			t.Errorf("with one flag it says %q", counts.out)
		}
		all := must(t, "", env, "cache", "warm")
		if !regexp.MustCompile(`^Warmed cars: \d{3} loaded, 0 there already; availability: \d{3} loaded, 0 there already; fleet counts: 0 loaded, 1 there already in [\d.]+ s\.\n$`).MatchString(all.out) {
			t.Errorf("without a flag it says %q", all.out)
		}
		if !regexp.MustCompile(`(?m)^100 %  cars (\d+) of \d+, availability (\d+) of \d+, fleet counts 1 of 1$`).MatchString(all.errs) || strings.Contains(all.errs, "\r") || strings.Count(all.errs, "\n") > 11 {
			t.Errorf("on the way it says %q", all.errs)
		}
		asJSON := must(t, "", env, "cache", "warm", "--cars", "--availability", "--json")
		var result struct {
			Cars, Availability, FleetCounts *struct{ Loaded, Fresh, Failed int }
			Joined                          *bool
		}
		if err := json.Unmarshal([]byte(asJSON.out), &result); err != nil || result.Cars == nil || result.Cars.Fresh < 100 || result.Availability == nil || result.FleetCounts != nil || result.Joined == nil {
			t.Errorf("as JSON it is %q (%v)", asJSON.out, err)
		}
		refused(t, run(t, "", []string{"EXO_BASE_URL=" + p.site, "EXO_ADMIN_TOKEN=" + strings.Repeat("x", 40)}, "cache", "warm"), "not known or was revoked")
		p.stop()
		refused(t, run(t, "", env, "cache", "warm"), "no server answers at "+p.site, "EXO_BASE_URL")
		refused(t, run(t, "", nil, "cache", "warm"), "EXO_ADMIN_TOKEN")
	})
}
