package main_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
)

// Who made a change is named by his address and his token; a token is listed without its secret, and is worth nothing once revoked.
//
// Red when: the audit log has the token's name alone, or a revoked token is still taken.
func TestTokens(t *testing.T) {
	t.Parallel()
	exotest.EachEngine(t, "", nil, func(t *testing.T, url string) {
		must(t, "", on(url), "admin", "create", "ann@example.com", "--name=Ann")
		secret := func(flags ...string) string {
			return strings.TrimSpace(must(t, "", on(url), append([]string{"admin", "token", "ann@example.com"}, flags...)...).out)
		}
		laptop, nameless, reading := secret("--name=laptop"), secret(), secret("--name=reader", "--scopes=read")
		p := serve(t, "", on(url))
		empty := func(secret string) (int, string) {
			t.Helper()
			status, answer, err := call(http.MethodDelete, p.site+"/api/admin/cache", "", "Authorization: Bearer "+secret)
			if err != nil {
				t.Fatal(err)
			}
			return status, answer
		}
		for _, one := range []string{laptop, nameless} {
			if status, answer := empty(one); status != http.StatusNoContent {
				t.Fatalf("%d %s", status, answer)
			}
		}
		if status, answer := empty(reading); status != http.StatusForbidden || !strings.Contains(answer, `The token of ann@example.com (reader) does not have the scope \"operate\".`) {
			t.Errorf("without the scope: %d %s", status, answer)
		}

		list := must(t, "", on(url), "admin", "tokens").out
		line := regexp.MustCompile(`(?m)^(tok_\w+)  ann@example\.com  laptop +all +20\d\d-\d\d-\d\d *$`).FindStringSubmatch(list)
		if line == nil || strings.Contains(list, laptop) || strings.Count(list, "ann@example.com") != 3 {
			t.Fatalf("the list is\n%s", list)
		}
		must(t, "", on(url), "admin", "revoke", line[1])
		if status, _ := empty(laptop); status != http.StatusUnauthorized {
			t.Errorf("a revoked token is answered %d, want 401", status)
		}
		if list := must(t, "", on(url), "admin", "tokens").out; strings.Count(list, "revoked") != 1 {
			t.Errorf("after a revocation the list is\n%s", list)
		}
		refused(t, run(t, "", on(url), "admin", "revoke", line[1]), "no valid token "+line[1], "exodrive admin tokens")
		refused(t, run(t, "", on(url, "EXO_ADMIN_TOKEN="+laptop, "EXO_BASE_URL="+p.site), "cache", "stats"), "not known or was revoked; make another with: exodrive admin token EMAIL")

		trail := get(t, p.site+"/api/admin/audit", "Authorization: Bearer "+nameless)
		for _, words := range []string{`"actor":"ann@example.com (laptop)"`, `"actor":"ann@example.com (tok_`, `"token.revoke"`, `"detail":{"email":"ann@example.com"}`, `"name":"laptop"`} {
			if !strings.Contains(trail, words) {
				t.Errorf("the audit log does not have %s:\n%s", words, trail)
			}
		}
	})
}

// A token that was made may do what its scopes say, also when it stands in the environment of a server.
//
// Red when: serve takes it for the token of the configuration, which may do everything.
func TestAMadeTokenIsNotTheServers(t *testing.T) {
	t.Parallel()
	refused(t, run(t, "", append([]string{"EXO_ADMIN_TOKEN=exo_" + strings.Repeat("a", 43)}, anywhere...), "serve"), "EXO_ADMIN_TOKEN", "unset it for serve")
}

// Who makes a token reads in the help all that it may be allowed.
//
// Red when: the help has a list of scopes of its own.
func TestTokenHelpNamesEveryScope(t *testing.T) {
	t.Parallel()
	help := strings.Join(strings.Fields(must(t, "", nil, "admin", "token", "--help").out), " ")
	var names []string
	for _, scope := range exodrive.Scopes {
		names = append(names, string(scope))
	}
	if want := "What it may do: " + strings.Join(names, ", ") + ";"; !strings.Contains(help, want) {
		t.Errorf("the help is %q, want %q in it", help, want)
	}
}
