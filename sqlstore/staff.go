package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
)

// Setting is the value of a key, "" when there is none.
func (q queries) Setting(ctx context.Context, key string) (value string, err error) {
	err = q.row(ctx, sqlSetting, key).scan(&value)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return value, err
}

const sqlSetting = `SELECT value FROM settings WHERE key = $1`

// SetSetting stores the value of a key.
func (t *Tx) SetSetting(ctx context.Context, key, value string) error {
	return t.exec(ctx, sqlSetSetting, key, value)
}

const sqlSetSetting = `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`

// InitSetting stores a value unless the key has one, and returns the one it has.
// Two processes that start at once get the same.
func (t *Tx) InitSetting(ctx context.Context, key, value string) (string, error) {
	if err := t.exec(ctx, sqlInitSetting, key, value); err != nil {
		return "", err
	}
	return t.Setting(ctx, key)
}

const sqlInitSetting = `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`

// User is a member of the staff.
type User struct{ ID, Email, Name string }

// InsertUser stores a new user; the address must be in lower case.
func (t *Tx) InsertUser(ctx context.Context, u User) error {
	return t.exec(ctx, sqlInsertUser, u.ID, u.Email, u.Name, ms(t.Now))
}

const sqlInsertUser = `INSERT INTO users (id, email, name, created_at) VALUES ($1, $2, $3, $4)`

// UserByEmail is the user with an address in lower case.
func (q queries) UserByEmail(ctx context.Context, email string) (u User, err error) {
	err = q.row(ctx, sqlUserByEmail, email).scan(&u.ID, &u.Email, &u.Name)
	return u, notFound(err, "There is no administrator %s; make one with: exodrive admin create %s", email, email)
}

const sqlUserByEmail = `SELECT id, email, name FROM users WHERE email = $1`

// InsertToken stores an API token by its hash.
func (t *Tx) InsertToken(ctx context.Context, id, userID, name, hash string, scopes []exodrive.Scope) error {
	texts := make([]string, len(scopes))
	for i, s := range scopes {
		texts[i] = string(s)
	}
	return t.exec(ctx, sqlInsertToken, id, userID, name, hash, strings.Join(texts, ","), ms(t.Now))
}

const sqlInsertToken = `INSERT INTO api_tokens (id, user_id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)`

// Token is an API token without its secret.
type Token struct {
	ID, Email, Name, Scopes string
	Created                 time.Time
	Revoked                 bool
}

// Tokens are all of them, the revoked ones too, by their age.
func (q queries) Tokens(ctx context.Context) ([]Token, error) {
	return collect(ctx, q, func(r scanner) (v Token, err error) {
		err = r.Scan(&v.ID, &v.Email, &v.Name, &v.Scopes, instant{&v.Created}, &v.Revoked)
		return v, err
	}, sqlTokens)
}

const sqlTokens = `SELECT t.id, u.email, t.name, t.scopes, t.created_at, t.revoked_at IS NOT NULL
	FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.created_at, t.id`

// RevokeToken ends a token; one that is not there or has ended is not found.
func (t *Tx) RevokeToken(ctx context.Context, id string) error {
	n, err := t.affected(ctx, sqlRevokeToken, id, ms(t.Now))
	if err == nil && n == 0 {
		err = exodrive.Errorf(exodrive.NotFound, "There is no valid token %s; see them all with: exodrive admin tokens", id)
	}
	return err
}

const sqlRevokeToken = `UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`

// ActorByToken is who holds the token with a hash, unless it was revoked. He is named
// by his address and the token's name, which the audit log keeps.
func (q queries) ActorByToken(ctx context.Context, hash string) (exodrive.Actor, error) {
	var a exodrive.Actor
	var email, name, scopes string
	if err := q.row(ctx, sqlActorByToken, hash).scan(&a.ID, &email, &name, &scopes); err != nil {
		if errors.Is(err, errNoRow) {
			return a, exodrive.Errorf(exodrive.Unauthenticated, "This API token is not known or was revoked.")
		}
		return a, err
	}
	a.Name = email + " (" + name + ")"
	var err error
	a.Scopes, err = exodrive.ParseScopes(scopes)
	return a, err
}

const sqlActorByToken = `SELECT t.id, u.email, t.name, t.scopes FROM api_tokens t JOIN users u ON u.id = t.user_id
	WHERE t.hash = $1 AND t.revoked_at IS NULL`

// AuditEntry is one change that somebody made.
type AuditEntry struct {
	ID        string
	ActorID   string
	ActorName string
	Action    string // such as car.update
	Subject   string // id of what was changed
	RequestID string
	Detail    any // what changed; stored as JSON
}

// Audit writes an entry in the transaction of its change.
func (t *Tx) Audit(ctx context.Context, e AuditEntry) error {
	return t.exec(ctx, sqlAudit, e.ID, ms(t.Now), e.ActorID, e.ActorName, e.Action, e.Subject, e.RequestID, jsonText(e.Detail))
}

const sqlAudit = `INSERT INTO audit_log (id, at, actor_id, actor_name, action, subject, request_id, detail)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// AuditLog is a page of the log, newest first, and the number of entries.
// Subject picks the entries about one thing; "" is all.
func (q queries) AuditLog(ctx context.Context, subject string, page exodrive.PageQuery) ([]exodrive.AuditRecord, int, error) {
	total := 0
	if err := q.row(ctx, sqlCountAudit, subject).scan(&total); err != nil {
		return nil, 0, err
	}
	list, err := collect(ctx, q, func(r scanner) (v exodrive.AuditRecord, err error) {
		var detail string
		err = r.Scan(&v.ID, instant{&v.At}, &v.Actor, &v.Action, &v.Subject, &v.RequestID, &detail)
		v.Detail = []byte(detail)
		return v, err
	}, sqlAuditLog, subject, page.Limit, (page.Page-1)*page.Limit)
	return list, total, err
}

const sqlCountAudit = `SELECT COUNT(*) FROM audit_log WHERE CAST($1 AS TEXT) = '' OR subject = $1`

const sqlAuditLog = `SELECT id, at, actor_name, action, subject, request_id, detail FROM audit_log
	WHERE CAST($1 AS TEXT) = '' OR subject = $1 ORDER BY id DESC LIMIT $2 OFFSET $3`
