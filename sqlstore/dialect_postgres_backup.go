package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// restorePostgres replaces everything in one transaction. The epoch is new because
// the table that it is made of is.
//
// pg_restore writes the backup as a script, and psql runs it, so that something can
// come before it in the same transaction: a later release may have tables that refer
// to those of the backup, of which the backup knows nothing and which would not let
// it replace them. The next migration makes those tables anew.
func restorePostgres(ctx context.Context, e engine, file string) (err error) {
	folder, err := os.MkdirTemp("", "exodrive-restore-") // for its owner only
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	script, before := filepath.Join(folder, "backup.sql"), filepath.Join(folder, "before.sql")
	if err := runPostgres(ctx, e.url, "pg_restore", "--clean", "--if-exists", "--no-owner", "--exit-on-error", "--file="+script, file); err != nil {
		if strings.Contains(err.Error(), "valid archive") {
			return fmt.Errorf("%s is not a backup of a Postgres database", file)
		}
		return err
	}
	contents, err := runPostgresOutput(ctx, e.url, "pg_restore", "--list", file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(before, []byte(fmt.Sprintf(dropReferences, strings.Join(archivedTables(contents), ", "))), 0o600); err != nil {
		return err
	}
	return runPostgres(ctx, e.url, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file="+before, "--file="+script)
}

// dropReferences drops the foreign keys that refer to some tables.
const dropReferences = `DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS "on", conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN (SELECT to_regclass(t) FROM unnest(ARRAY[%s]::text[]) AS t)
    LOOP
        EXECUTE format('ALTER TABLE %%s DROP CONSTRAINT %%I', c."on", c.conname);
    END LOOP;
END $$;
`

// archivedTables are the names of the tables in a list of pg_restore, quoted as texts:
// its lines are "number; catalogue row TABLE schema name owner".
func archivedTables(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) == 7 && f[3] == "TABLE" && f[4] != "DATA" {
			names = append(names, "'"+strings.ReplaceAll(f[4]+"."+f[5], "'", "''")+"'")
		}
	}
	return names
}
