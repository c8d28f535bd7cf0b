package sqlstore

import "context"

// CarColumns are the columns of a car that is written whole.
const CarColumns = carColumns

// MaxRaises is how many rows a poll returns at most.
const MaxRaises = maxRaises

// ServerSetting is what a setting of the server is for this session or
// transaction.
func (q queries) ServerSetting(ctx context.Context, name string) (value string, err error) {
	err = q.row(ctx, `SELECT current_setting($1)`, name).scan(&value)
	return value, err
}

// Exec runs any statement in the transaction.
func (t *Tx) Exec(ctx context.Context, statement string, args ...any) error {
	return t.exec(ctx, statement, args...)
}

// MigrateTo brings an empty database to the version of an earlier release.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	p, err := s.migrations(s.rw)
	if err == nil {
		_, err = p.UpTo(ctx, version)
	}
	return err
}

// What transactions wait for at most.
const LockTimeout, AcquireTimeout = lockTimeout, acquireTimeout
