package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/obs"
)

// dialect holds every difference between the engines that is not in a migration.
type dialect struct {
	name string
	// goose is the engine's name in the migration library, and other the suffix
	// of the migrations that are not for it.
	goose, other string
	// beginTx is the first statement of a transaction, or empty.
	beginTx string
	// lockRow follows a SELECT of rows that the transaction is about to change.
	lockRow string
	// skipLocked is lockRow, for rows of which those are left out that somebody else locks.
	skipLocked string
	// mayLose goes into the FROM of a statement that is a transaction of its own, which a
	// power cut may then undo; empty where it may undo any, or none.
	mayLose string
	// lockName locks the name $1 until the transaction ends; empty where there is one
	// writer anyway.
	lockName string
	// batchValues is how many values one INSERT of many rows carries at most.
	batchValues int
	// similarWords finds candidates for a misspelt word: $1 the word, $2 its
	// prefix range's end. exodrive.MeansWord decides.
	similarWords string
	// foundBy is the condition that a car matches the search expression ?, and
	// namedBy that it does with the words that name it.
	foundBy, namedBy string
	// anyOf is the search expression for one of some words; all words are folded
	// letters and digits, so nothing needs quoting.
	anyOf func(words []string) string
	// fault sorts a driver's error.
	fault func(error) (kind faultKind, constraint string)
	// dialJournal makes a connection outside the pool that reads the cache's
	// journal, and horizon is the statement for a fresh horizon. Plain ones leave
	// out what the server may refuse to tell; refusesToTell recognises that.
	dialJournal   func(ctx context.Context, e engine) (journalConn, error)
	horizon       func(plain bool) string
	refusesToTell func(error) bool
	// prunable is the highest mark of a batch of old journal rows: $1 the
	// retention in milliseconds, $2 the size.
	prunable string
	// written are the journal rows of the transaction that asks, above the mark $1
	// that beforeWrites gave when it began, or 0 where that is empty.
	written, beforeWrites string
	// ring wakes everybody who listens; empty where nobody can. listen calls heard
	// after it has begun to listen, and for every ring until it fails.
	ring   string
	listen func(ctx context.Context, e engine, heard func()) error
	// What operators ask: how many servers there are, the clock in Unix milliseconds,
	// transactions older than $1 milliseconds, the names of indexes fit for use, and
	// what statements cost that were run at least $1 times. A text is empty where there
	// is no such thing.
	nodes, clock, held, indexes, serverCosts string
	// notKept recognises that the server keeps or shows no record of costs.
	notKept func(error) bool
	// scanned are the tables that a statement would read from end to end.
	scanned func(ctx context.Context, e engine, text string, args []any) ([]string, error)
	// tables tells whether the table of migrations is there, and how many others.
	tables string
	// migrator gives connections that run migrations, and makes all other
	// processes wait for theirs until release is called.
	migrator func(ctx context.Context, e engine) (db *sql.DB, release func() error, err error)
	// backup writes the whole database into a new file, and restore replaces it.
	backup, restore func(ctx context.Context, e engine, file string) error
}

// engine is one opened database.
type engine struct {
	*dialect
	rw    *sql.DB
	ro    querier
	path  string // of an SQLite file
	url   string
	stats func() map[string]obs.PoolStats
	close func() error
}

type faultKind int

const (
	faultOther       faultKind = iota
	faultUnique                // also the exclusion constraint
	faultForeign               // a row that is referred to, or is not there
	faultCheck                 // a CHECK or NOT NULL
	faultRetry                 // lost against another transaction
	faultBusy                  // another transaction has a row for too long
	faultRolledBack            // the commit of a transaction that had failed before
	faultUnavailable           // no connection, no room, no time
)

func openEngine(ctx context.Context, c Config) (engine, error) {
	scheme, rest, _ := strings.Cut(c.URL, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest, c)
	case "postgres", "postgresql":
		return openPostgres(ctx, c)
	}
	return engine{}, errors.New("DATABASE_URL must begin with sqlite:, postgres:// or postgresql://")
}

// checkBackup refuses a file that is no backup, before a database is even made for it.
// What it cannot tell, the restore does.
func checkBackup(ctx context.Context, url, file string) error {
	if strings.HasPrefix(url, "sqlite:") {
		return checkSQLiteBackup(ctx, file)
	}
	return nil
}

// retryable tells whether a transaction that failed may succeed when it is run again. One
// that found the Idempotency-Key of its call taken between its look and its own writing
// will find at the next look what the key made, whichever car that has locked.
func (d *dialect) retryable(err error) bool {
	kind, constraint := d.fault(err)
	return kind == faultRetry || kind == faultUnique && strings.HasPrefix(constraint, "idempotency_keys")
}

// refused tells whether an error of a commit says that nothing was committed. Any
// other may be the loss of the answer to one that was.
func (d *dialect) refused(err error) bool {
	switch kind, _ := d.fault(err); kind {
	case faultUnique, faultForeign, faultCheck, faultRetry, faultBusy, faultRolledBack:
		return true
	}
	return false
}

// conflicts says in a sentence what a constraint protects. Postgres names the
// constraint, SQLite the columns.
var conflicts = []struct{ postgres, sqlite, field, message string }{
	{"cars_slug_key", "cars.slug", "/slug", "Another car already has this slug."},
	{"idx_cars_vin", "cars.vin", "/vin", "Another car already has this VIN."},
	{"locations_slug_key", "locations.slug", "/slug", "Another place already has this slug."},
	{"extras_name_key", "extras.name", "/name", "Another extra already has this name."},
	{"coupons_code_key", "coupons.code", "/code", "Another coupon already has this code."},
	{"users_email_key", "users.email", "/email", "There is already an administrator with this address."},
	{"idx_car_availability_lookup", "car_availability.car_id, car_availability.date", "", "One of these days is already taken."},
	{"bookings_no_overlap", "-", "", "These days overlap with another booking of the car."},
	{"idx_jobs_unique", "jobs.kind, jobs.unique_key", "", "A job like this one waits or runs already."},
	{"car_reviews_booking_id_key", "car_reviews.booking_id", "", "This rental already has a review."},
}

// public turns a driver's error into one that a person may read, where there is
// something to say; nil, exodrive errors and cancellations pass unchanged.
func (d *dialect) public(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*exodrive.Error](err); ok {
		return err
	}
	kind, constraint := d.fault(err)
	switch kind {
	case faultUnique, faultForeign:
		for _, c := range conflicts {
			if c.postgres == constraint || strings.HasSuffix(constraint, c.sqlite) {
				return exodrive.Errorf(exodrive.Conflict, "%s", c.message).On(c.field).Because(err)
			}
		}
		if kind == faultForeign {
			return exodrive.Errorf(exodrive.Conflict, "Something else still refers to this, or it refers to something that is not there.").Because(err)
		}
		return exodrive.Errorf(exodrive.Conflict, "There is already such an entry.").Because(err)
	case faultCheck:
		return exodrive.Errorf(exodrive.Invalid, "A value is outside what is allowed.").Because(err)
	case faultBusy:
		return exodrive.Errorf(exodrive.Busy, "Somebody else is changing the same just now; nothing was done, try again in a moment.").Because(err)
	case faultRetry, faultUnavailable:
		return exodrive.Errorf(exodrive.Unavailable, "The database does not answer just now; try again in a moment.").Because(err)
	}
	return err
}
