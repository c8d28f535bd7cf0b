package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrInUse is returned for a restore over an embedded database that a server, or
// anybody else, has open: what it writes later would be lost with the old file.
var ErrInUse = errors.New("a server or another program has the database open; stop it first")

// Backup writes the whole database, as it is at one moment, into a new file,
// while others read and write. An SQLite backup is a database itself; a Postgres
// one is pg_dump's custom format, written by the installed pg_dump.
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.d.backup(ctx, s.engine, file); err != nil {
		return fmt.Errorf("backup to %s: %w", file, err)
	}
	// It holds customers and token hashes.
	return os.Chmod(file, 0o600)
}

// Restore replaces the database at url by a backup of the same kind of database.
// Unless replace is true it refuses one that has a schema. Nobody may use the
// database meanwhile: an embedded one that somebody has open is ErrInUse. Either the backup is there afterwards or, after an error,
// what was there before. The restored database has a new epoch, so no cache takes
// an answer from before it for one from after.
func Restore(ctx context.Context, url, file string, replace bool) error {
	if info, err := os.Stat(file); err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	} else if info.IsDir() {
		return fmt.Errorf("%s is a folder, not a backup", file)
	}
	if err := checkBackup(ctx, url, file); err != nil {
		return err
	}
	s, err := Open(ctx, Config{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	have, want, err := s.SchemaVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return ErrNewerSchema // what only that release knows would stay behind
	}
	if have > 0 && !replace {
		return errors.New("the database is not empty; add --yes to replace what it holds")
	}
	return s.d.restore(ctx, s.engine, file)
}

// restoreSQLite puts a copy of a checked backup in the database's place in one step, unless anybody else has the database open.
func restoreSQLite(ctx context.Context, e engine, file string) error {
	if err := e.close(); err != nil {
		return err
	}
	release, err := aloneOnSQLite(ctx, e.path)
	if err != nil {
		return err
	}
	fresh := e.path + ".restoring"
	err = copyFile(file, fresh)
	if err == nil {
		err = newSQLiteEpoch(ctx, fresh)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh), release())
	}
	// The lock is of the old file, and ends after that has gone.
	return errors.Join(os.Rename(fresh, e.path), release())
}

func checkSQLiteBackup(ctx context.Context, file string) error {
	backup, err := openSQLiteFile(file)
	if err != nil {
		return err
	}
	var verdict string
	err = backup.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	if err == nil {
		err = backup.QueryRowContext(ctx, `SELECT COUNT(*) FROM settings`).Scan(&verdict)
	}
	if err := errors.Join(err, backup.Close()); err != nil {
		return fmt.Errorf("%s is not a backup of an embedded database: %w", file, err)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
