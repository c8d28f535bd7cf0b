package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrNewerSchema is returned for a database that a later release has migrated.
var ErrNewerSchema = errors.New("the database was migrated by a newer release of exodrive; start that one, or restore a backup")

// ErrOlderSchema is returned to a server that starts on a Postgres database of an
// earlier release.
var ErrOlderSchema = errors.New("the database was migrated by an earlier release of exodrive; run: exodrive migrate")

// ErrForeign is returned for a database with tables that are not of exodrive.
var ErrForeign = errors.New("the database holds tables of something else; name an empty database in DATABASE_URL")

// Migrate brings the schema to this release's version and tells from where to
// where. Any number of processes may call it at once: one works, the others wait
// and find it done. Each migration is one transaction.
func (s *Store) Migrate(ctx context.Context) (from, to int64, err error) {
	return s.migrate(ctx, func(int64, int64) error { return nil })
}

// MigrateAtStart is Migrate for a server that starts. A Postgres database that an
// earlier release has used waits for the operator, because that release may still
// be serving: ErrOlderSchema. One that nobody has used is only the rest of a
// first start that was killed between two migrations.
func (s *Store) MigrateAtStart(ctx context.Context) error {
	_, _, err := s.migrate(ctx, func(have, want int64) error {
		if have == 0 || have == want || s.Embedded() {
			return nil
		}
		settings := 0 // the currency is the first thing that any use stores
		if err := s.row(ctx, sqlCountSettings).scan(&settings); err != nil || settings == 0 {
			return err
		}
		return ErrOlderSchema
	})
	return err
}

const sqlCountSettings = `SELECT COUNT(*) FROM settings`

// migrate asks may under the lock: before it, the version may be one that another
// process is just passing through.
func (s *Store) migrate(ctx context.Context, may func(have, want int64) error) (from, to int64, err error) {
	db, release, err := s.d.migrator(ctx, s.engine)
	if err != nil {
		return 0, 0, fmt.Errorf("lock migrations: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	noted, others, err := s.tables(ctx, db)
	if err != nil {
		return 0, 0, err
	}
	if !noted && others > 0 { // before the library makes a table of its own there
		return 0, 0, ErrForeign
	}
	p, err := s.migrations(db)
	if err != nil {
		return 0, 0, err
	}
	from, want, err := schemaVersions(ctx, p)
	if err != nil {
		return 0, 0, err
	}
	if from == 0 && others > 0 {
		return 0, 0, ErrForeign
	}
	if from > want {
		return from, from, ErrNewerSchema
	}
	if err := may(from, want); err != nil {
		return from, from, err
	}
	if _, err := p.Up(ctx); err != nil {
		return from, 0, fmt.Errorf("migrate from %d: %w", from, err)
	}
	return from, want, nil
}

// SchemaVersions are the version of the database, 0 for an empty one, and that of this
// release. It changes nothing. A database of something else is ErrForeign.
func (s *Store) SchemaVersions(ctx context.Context) (have, want int64, err error) {
	p, err := s.migrations(s.rw)
	if err != nil {
		return 0, 0, err
	}
	noted, others, err := s.tables(ctx, s.rw)
	switch {
	case err != nil:
		return 0, 0, err
	case noted:
		have, want, err = schemaVersions(ctx, p)
	default:
		want = latest(p)
	}
	if err == nil && have == 0 && others > 0 {
		err = ErrForeign
	}
	return have, want, err
}

// tables tells whether the table of migrations is there, and how many others.
func (s *Store) tables(ctx context.Context, db *sql.DB) (noted bool, others int, err error) {
	err = db.QueryRowContext(ctx, s.d.tables).Scan(&noted, &others)
	return noted, others, s.d.public(err)
}

func schemaVersions(ctx context.Context, p *goose.Provider) (have, want int64, err error) {
	have, err = p.GetDBVersion(ctx)
	if err != nil {
		return 0, 0, err
	}
	return have, latest(p), nil
}

// latest is the version of this release.
func latest(p *goose.Provider) int64 {
	sources := p.ListSources()
	return sources[len(sources)-1].Version
}

func (s *Store) migrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var others []string
	for _, name := range names {
		if strings.HasSuffix(name, s.d.other) {
			others = append(others, name)
		}
	}
	return goose.NewProvider(goose.Dialect(s.d.goose), db, files, goose.WithExcludeNames(others))
}
