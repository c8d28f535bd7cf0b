package app

import (
	"context"
	"crypto/rand"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/sqlstore"
)

// marks signs what callers carry after a write, with the configured secrets or,
// without any, with one that is made once and kept in the database, so that all
// nodes have the same.
func marks(ctx context.Context, c Config, store *sqlstore.Store) (*httpx.Marks, error) {
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
	m := httpx.NewMarks(keys[0], keys[1:]...)
	m.Proxies = c.Proxies
	return m, nil
}
