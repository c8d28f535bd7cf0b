package app

import (
	"context"
	"crypto/rand"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/sqlstore"
)

// secretsOf are the secrets that sign what callers carry: the configured ones or,
// without any, one that is made once and kept in the database, so that all nodes have
// the same. The first signs, all are believed.
func secretsOf(ctx context.Context, c Config, store *sqlstore.Store) ([][]byte, error) {
	secrets := c.Secrets
	if len(secrets) == 0 {
		err := store.Tx(ctx, func(tx *sqlstore.Tx) error {
			kept, err := tx.InitSetting(ctx, "secret", rand.Text()+rand.Text())
			secrets = []string{kept}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	keys := make([][]byte, len(secrets))
	for i, s := range secrets {
		keys[i] = []byte(s)
	}
	return keys, nil
}

// marks signs the marks of writes.
func marks(c Config, secrets [][]byte) *httpx.Marks {
	m := httpx.NewMarks(secrets[0], secrets[1:]...)
	m.Proxies = c.Proxies
	return m
}
