package exodrive

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Actor is who does something, for permission and for the audit log.
type Actor struct {
	ID        string // user or token id; "env" for the token of the configuration
	Name      string // for people: an address and the name of its token
	Scopes    []Scope
	RequestID string
}

// Scope is a part of the administration that a token may use.
type Scope string

// The scopes. ScopeAll contains the others.
const (
	ScopeAll     Scope = "all"
	ScopeRead    Scope = "read"    // every administrative read
	ScopeFleet   Scope = "fleet"   // cars, places, prices, extras, coupons, blocks
	ScopeBook    Scope = "book"    // bookings and customers
	ScopeReviews Scope = "reviews" // moderation
	ScopeOperate Scope = "operate" // the machine: its cache
)

// Scopes is the whole vocabulary.
var Scopes = []Scope{ScopeAll, ScopeRead, ScopeFleet, ScopeBook, ScopeReviews, ScopeOperate}

// ParseScopes reads a comma-separated list.
func ParseScopes(s string) ([]Scope, error) {
	var out []Scope
	for _, part := range strings.Split(s, ",") {
		scope := Scope(strings.TrimSpace(part))
		if !slices.Contains(Scopes, scope) {
			return nil, Errorf(Invalid, "%q is not a scope; scopes are %s.", clip(part), join(Scopes))
		}
		out = append(out, scope)
	}
	return out, nil
}

// May returns a forbidden error unless the actor has the scope. Whoever may
// change a part may also read.
func (a Actor) May(scope Scope) error {
	if slices.Contains(a.Scopes, ScopeAll) || slices.Contains(a.Scopes, scope) || scope == ScopeRead && len(a.Scopes) > 0 {
		return nil
	}
	if a.ID == "" {
		return Errorf(Unauthenticated, "This needs an API token; send it as Authorization: Bearer.")
	}
	return Errorf(Forbidden, "The token of %s does not have the scope %q.", a.Name, scope)
}

// AuditRecord is one line of the audit log.
type AuditRecord struct {
	ID        string          `json:"id" example:"aud_01kas0f3m2x7h9tq"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action" example:"car.update"`
	Subject   string          `json:"subject"`
	RequestID string          `json:"requestId"`
	Detail    json.RawMessage `json:"detail"`
}
