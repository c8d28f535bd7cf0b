package exodrive_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// TestActorMay: A token does what its scopes say: all of it with "all", reading
// with any, and nothing without one.
func TestActorMay(t *testing.T) {
	for _, c := range []struct {
		id     string
		scopes []exodrive.Scope
		scope  exodrive.Scope
		want   exodrive.Code
	}{
		{"tok_1", []exodrive.Scope{exodrive.ScopeAll}, exodrive.ScopeReviews, ""},
		{"tok_1", []exodrive.Scope{exodrive.ScopeFleet}, exodrive.ScopeFleet, ""},
		{"tok_1", []exodrive.Scope{exodrive.ScopeFleet}, exodrive.ScopeRead, ""},
		{"tok_1", []exodrive.Scope{exodrive.ScopeFleet}, exodrive.ScopeReviews, exodrive.Forbidden},
		{"tok_1", []exodrive.Scope{exodrive.ScopeFleet}, exodrive.ScopeAll, exodrive.Forbidden},
		{"tok_1", []exodrive.Scope{exodrive.ScopeRead}, exodrive.ScopeFleet, exodrive.Forbidden},
		{"tok_1", nil, exodrive.ScopeRead, exodrive.Forbidden},
		{"", nil, exodrive.ScopeRead, exodrive.Unauthenticated},
	} {
		actor := exodrive.Actor{ID: c.id, Name: "laptop", Scopes: c.scopes}
		if got := exodrive.CodeOf(actor.May(c.scope)); got != c.want {
			t.Errorf("%q with %v may %s: %q, want %q", c.id, c.scopes, c.scope, got, c.want)
		}
	}
}

// TestParseScopes: Scopes are read as a list; an unknown one is refused with the
// whole vocabulary.
func TestParseScopes(t *testing.T) {
	got, err := exodrive.ParseScopes("fleet, reviews")
	if diff := cmp.Diff([]exodrive.Scope{exodrive.ScopeFleet, exodrive.ScopeReviews}, got); err != nil || diff != "" {
		t.Errorf("scopes: %v (-want +got):\n%s", err, diff)
	}
	for _, s := range []string{"", "fleet,", "Fleet", "root"} {
		if _, err := exodrive.ParseScopes(s); exodrive.CodeOf(err) != exodrive.Invalid {
			t.Errorf("ParseScopes(%q): error = %v, want invalid", s, err)
		}
	}
}
