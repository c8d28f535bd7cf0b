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
	return u.ID, s.change(ctx, operator, exodrive.ScopeAll, "user.create", func(tx *sqlstore.Tx) (string, any, error) {
		return u.ID, struct{}{}, tx.InsertUser(ctx, u)
	})
}

// tokenPrefix lets people and scanners recognise a token; 32 bytes of chance
// follow, in 43 characters.
const (
	tokenPrefix = "exo_"
	tokenLength = len(tokenPrefix) + 43
)

// CreateToken makes an API token for an administrator, from the command line.
// The token is returned once; only its hash is kept.
func (s *Service) CreateToken(ctx context.Context, email, name string, scopes []exodrive.Scope) (token string, err error) {
	if len(scopes) == 0 {
		return "", exodrive.Errorf(exodrive.Invalid, "A token needs at least one scope.")
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	id := s.newID(exodrive.TokenID)
	return token, s.change(ctx, operator, exodrive.ScopeAll, "token.create", func(tx *sqlstore.Tx) (string, any, error) {
		u, err := tx.UserByEmail(ctx, strings.ToLower(email))
		if err != nil {
			return "", nil, err
		}
		return id, struct {
			Scopes []exodrive.Scope `json:"scopes"`
		}{scopes}, tx.InsertToken(ctx, id, u.ID, name, tokenHash(token), scopes)
	})
}

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
