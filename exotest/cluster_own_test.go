package exotest_test

import (
	"testing"

	"github.com/exodrive/exodrive/exotest"
)

// A server of a test's own keeps what was committed through a crash, and its standby takes over with it.
func TestOwnPostgres(t *testing.T) {
	t.Parallel()
	server := exotest.OwnPostgres(t)
	do(t, connect(t, server.URL("postgres")), "CREATE TABLE cars (id text)")
	do(t, connect(t, server.URL("postgres")), "INSERT INTO cars VALUES ('car_1')")
	server.Crash()
	if n := count(t, connect(t, server.URL("postgres")), "SELECT count(*) FROM cars"); n != 1 {
		t.Errorf("after the crash there are %d cars, want 1", n)
	}
	standby := server.Standby()
	if n := count(t, connect(t, standby.URL("postgres")), "SELECT count(*) FROM cars WHERE pg_is_in_recovery()"); n != 1 {
		t.Errorf("the standby has %d cars, want 1, and to be in recovery", n)
	}
	standby.Promote()
	do(t, connect(t, standby.URL("postgres")), "INSERT INTO cars VALUES ('car_2')")
}
