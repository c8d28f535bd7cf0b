package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// The channel belongs to the database. Houses in different schemas of one database
// wake each other, which costs each a poll.
const (
	postgresRing   = `SELECT pg_notify('exo_cache', '')`
	postgresListen = `LISTEN exo_cache`
)

// Silence can be a connection that is gone without a word, so after a while of it
// the server is asked.
const (
	silence      = 30 * time.Second
	silenceLimit = 5 * time.Second
)

// listenPostgres listens until ctx ends or the connection fails.
func listenPostgres(ctx context.Context, e engine, heard func()) error {
	dial, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := dialPostgres(dial, e, "exodrive bell")
	if err != nil {
		return err
	}
	defer closePostgres(ctx, conn)
	if _, err := conn.Exec(dial, postgresListen); err != nil {
		return err
	}
	for {
		heard()
		for {
			err := awaitRing(ctx, conn)
			if err == nil {
				break
			}
			if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			alive, cancel := context.WithTimeout(ctx, silenceLimit)
			err = conn.Ping(alive)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}

func awaitRing(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	_, err := conn.WaitForNotification(ctx)
	return err
}
