package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// storeFault says which database cannot be used, why, and what to look at. Of a Postgres address
// it names the server alone, because the rest may hold a password.
func storeFault(databaseURL string, err error) error {
	name, next := "the database", "see DATABASE_URL"
	if strings.HasPrefix(databaseURL, "sqlite:") {
		name += " " + databaseURL
		next = "see EXO_DATA_DIR and DATABASE_URL"
	} else if server, parseErr := pgconn.ParseConfig(databaseURL); parseErr == nil {
		name += " at " + net.JoinHostPort(server.Host, strconv.Itoa(int(server.Port)))
	}
	// "Try again in a moment" is for visitors.
	if e, ok := errors.AsType[*exodrive.Error](err); ok && e.Unwrap() != nil {
		err = e.Unwrap()
	}
	why := because(err)
	if strings.Contains(why.Error(), "unsupported startup parameter") {
		next = "behind a pooler set DATABASE_POOLER=transaction"
	}
	return fmt.Errorf("%s cannot be used: %w; %s", name, why, next)
}

// migrationFault leaves the sentences about what is there as they are.
func migrationFault(err error) error {
	if errors.Is(err, sqlstore.ErrForeign) || errors.Is(err, sqlstore.ErrNewerSchema) || errors.Is(err, sqlstore.ErrOlderSchema) {
		return err
	}
	return fmt.Errorf("the database cannot be migrated: %w", because(err))
}

// because is an error whose text is Reason(err) and whose chain is err's.
func because(err error) error { return reason{err} }

type reason struct{ error }

func (r reason) Error() string { return Reason(r.error) }
func (r reason) Unwrap() error { return r.error }

// Reason is why something failed, for the operator: what the business, the
// database or the system says of it, in one line, without the chain of calls
// that led there.
func Reason(err error) string {
	// Of what the business says only "try again" leaves the operator with a question.
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		text := strings.TrimSuffix(e.Message, ".")
		if cause := e.Unwrap(); cause != nil && e.Code == exodrive.Unavailable {
			return text + " (" + Reason(cause) + ")"
		}
		return text
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Message
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok && e.Unwrap() != nil {
		return Reason(e.Unwrap())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it did not answer in time"
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("there is no host %s (%s)", e.Name, e.Err)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Path + ": " + Reason(e.Err)
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
