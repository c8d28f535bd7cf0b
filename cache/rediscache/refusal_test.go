package rediscache_test

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
)

// A password that Redis refuses is told as such, once, and not as a Redis that cannot be
// reached; when Redis takes it, the client goes on by itself.
//
// Red when: every failed connection is told alike; the fault stays when it is over.
func TestRefusedPassword(t *testing.T) {
	redis := exotest.NewRedis(t)
	redis.Do("CONFIG", "SET", "requirepass", "other")
	log := &lines{}
	c, err := rediscache.Open(rediscache.Options{URL: "redis://:right@" + redis.Addr(), Install: "refusal", Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	eventually(t, "the refusal is told", func() bool {
		return strings.Contains(log.String(), "Redis refused the user or the password in REDIS_URL")
	})
	if strings.Contains(log.String(), "cannot be reached") {
		t.Errorf("the log says: %s", log)
	}
	if sentence, refused := rediscache.Refusal(c.Fault()); !refused || !strings.Contains(sentence, "refused") {
		t.Errorf("the fault is %v, told as %q", c.Fault(), sentence)
	}
	operator, err := net.Dial("tcp", redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if _, err := operator.Write([]byte("AUTH other\r\nCONFIG SET requirepass right\r\n")); err != nil {
		t.Fatal(err)
	}
	<-c.Connected()
	if err := c.Fault(); err != nil {
		t.Errorf("connected, and the fault is %v", err)
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 1 {
		t.Errorf("%d warnings, want one: %s", got, log)
	}
}
