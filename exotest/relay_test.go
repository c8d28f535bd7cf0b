package exotest_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/exotest"
)

// A relay takes the database away in three ways, and each time gives it back.
func TestRelay(t *testing.T) {
	t.Parallel()
	database := exotest.Postgres(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	relay := exotest.NewRelay(t, u.Host)
	through := relay.Through(database)
	ask := func(conn *pgx.Conn, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return conn.Ping(ctx)
	}
	conn := connect(t, through)
	if err := ask(conn, time.Minute); err != nil {
		t.Fatalf("through the relay: %v", err)
	}
	relay.Cut()
	if ask(conn, time.Minute) == nil {
		t.Error("a connection that was cut still answers")
	}
	relay.Refuse()
	if _, err := pgx.Connect(t.Context(), through); err == nil {
		t.Error("a connection was made while the relay refuses them")
	}
	relay.Accept()
	conn = connect(t, through)
	relay.Mute()
	if ask(conn, 50*time.Millisecond) == nil {
		t.Error("a mute connection answers")
	}
	relay.Sound()
	if err := ask(connect(t, through), time.Minute); err != nil {
		t.Errorf("after all that: %v", err)
	}
}
