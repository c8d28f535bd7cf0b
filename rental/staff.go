package rental

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// operator is who works at the command line of the machine.
var operator = exodrive.Actor{ID: "cli", Name: "command line", Scopes: []exodrive.Scope{exodrive.ScopeAll}}

// CreateAdministrator adds a member of the staff, from the command line.
func (s *Service) CreateAdministrator(ctx context.Context, email, name string) (id string, err error) {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return "", exodrive.Errorf(exodrive.Invalid, "%q is not a mail address.", email)
	}
	u := sqlstore.User{ID: s.newID(exodrive.UserID), Email: strings.ToLower(email), Name: name}
	err = s.change(ctx, operator, exodrive.ScopeAll, "user.create", func(tx *sqlstore.Tx) (string, any, error) {
		return u.ID, made{Email: u.Email}, tx.InsertUser(ctx, u)
	})
	if exodrive.CodeOf(err) == exodrive.Conflict {
		err = exodrive.Errorf(exodrive.Conflict, "There is already an administrator with this address; make a token with: exodrive admin token %s", u.Email)
	}
	return u.ID, err
}

// made is what the audit log keeps of a new administrator or token.
type made struct {
	Email  string           `json:"email"`
	Name   string           `json:"name,omitempty"`
	Scopes []exodrive.Scope `json:"scopes,omitempty"`
}

// tokenPrefix lets people and scanners recognise a token; 32 bytes of chance
// follow, in 43 characters.
const (
	tokenPrefix = "exo_"
	tokenLength = len(tokenPrefix) + 43
)

// CreateToken makes an API token for an administrator, from the command line.
// The token is returned once; only its hash is kept. Without a name it is named by
// its id, so that no two are called the same.
func (s *Service) CreateToken(ctx context.Context, email, name string, scopes []exodrive.Scope) (token string, err error) {
	if len(scopes) == 0 {
		return "", exodrive.Errorf(exodrive.Invalid, "A token needs at least one scope.")
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	id := s.newID(exodrive.TokenID)
	if name == "" {
		name = id
	}
	return token, s.change(ctx, operator, exodrive.ScopeAll, "token.create", func(tx *sqlstore.Tx) (string, any, error) {
		u, err := tx.UserByEmail(ctx, strings.ToLower(email))
		if err != nil {
			return "", nil, err
		}
		return id, made{u.Email, name, scopes}, tx.InsertToken(ctx, id, u.ID, name, tokenHash(token), scopes)
	})
}

// Tokens are all API tokens without their secrets, for the command line.
func (s *Service) Tokens(ctx context.Context) ([]sqlstore.Token, error) { return s.store.Tokens(ctx) }

// RevokeToken ends a token at once, from the command line.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	return s.change(ctx, operator, exodrive.ScopeAll, "token.revoke", func(tx *sqlstore.Tx) (string, any, error) {
		return id, struct{}{}, tx.RevokeToken(ctx, id)
	})
}

// IsMade tells whether a token is one that CreateToken could have made. Such a one
// must not become that of the configuration, which may do everything.
func IsMade(token string) bool { return strings.HasPrefix(token, tokenPrefix) }

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Actor is who holds a token; configured is the token of the configuration, if
// any, which may do everything. An unknown or revoked token is unauthenticated.
// The database decides every time, so a revocation holds at once.
func (s *Service) Actor(ctx context.Context, token, configured string) (exodrive.Actor, error) {
	if configured != "" && subtle.ConstantTimeCompare([]byte(tokenHash(token)), []byte(tokenHash(configured))) == 1 {
		return exodrive.Actor{ID: "env", Name: "EXO_ADMIN_TOKEN", Scopes: []exodrive.Scope{exodrive.ScopeAll}}, nil
	}
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenPrefix) {
		// Not one of ours: no statement is spent on it.
		return exodrive.Actor{}, exodrive.Errorf(exodrive.Unauthenticated, "This API token is not known or was revoked.")
	}
	return s.store.ActorByToken(ctx, tokenHash(token))
}
