package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// scratchPostgres is Scratch on the server of an address.
func scratchPostgres(ctx context.Context, address string) (scratch string, remove func(context.Context) error, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, errors.New("DATABASE_URL is no address")
	}
	s, err := Open(ctx, Config{URL: address, Pool: 1})
	if err != nil {
		return "", nil, err
	}
	name := "exodrive_scratch_" + strings.ToLower(rand.Text()[:10])
	if _, err := s.rw.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(fmt.Errorf("no database can be made beside yours: %w", err), s.Close())
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error {
		_, err := s.rw.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		return errors.Join(err, s.Close())
	}, nil
}
