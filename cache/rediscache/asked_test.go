package rediscache_test

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache/rediscache"
	"github.com/exodrive/exodrive/exotest"
)

// calendar is a client for whom it is the day that a test says.
func calendar(t *testing.T, url, install string) (*rediscache.Asked, func(day int)) {
	t.Helper()
	var today atomic.Int64
	c, err := rediscache.Open(rediscache.Options{URL: url, Install: install, Log: slog.New(slog.DiscardHandler), Now: func() time.Time {
		return time.Date(2026, 2, 26, 23, 59, 0, 0, time.UTC).AddDate(0, 0, int(today.Load()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	eventually(t, "the client reaches its server", func() bool { return answers(c) })
	return c.Asked(), func(day int) { today.Store(int64(day)) }
}

// A node that starts warms what all nodes were asked for most, and what was in
// demand last week gives way to what is now.
//
// Red when: days do not weigh less as they pass; or a node's counts replace
// another's.
func TestMostAskedFirst(t *testing.T) {
	t.Parallel()
	redis, install := exotest.NewRedis(t), newInstall()
	one, setOne := calendar(t, redis.URL(), install)
	two, setTwo := calendar(t, redis.URL(), install)
	for day, counts := range []map[string]float64{
		{"car:old": 128},
		{"car:b": 5, "list:x": 50},
		{"car:a": 3, "car:b": 0.5, "": 1, "nothing": 0, "less": -1, "never": math.NaN(), "ever": math.Inf(1), strings.Repeat("k", 513): 9},
	} {
		setOne(day)
		setTwo(day)
		for _, asked := range []*rediscache.Asked{one, two} {
			if err := asked.Add(t.Context(), counts); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		day  int
		n    int
		want string
	}{
		{2, 99, "car:old=64 list:x=50 car:a=6 car:b=6 =2"},
		{2, 2, "car:old=64 list:x=50"},
		{6, 1, "car:old=4"},
		{7, 99, "list:x=1.5625 car:a=0.1875 car:b=0.1875 =0.0625"},
		{20, 9, ""},
		{2, 0, ""},
	} {
		setOne(test.day)
		names, err := one.Top(t.Context(), test.n)
		scores, scoresErr := one.Scores(t.Context())
		var got []string
		for _, name := range names {
			got = append(got, fmt.Sprintf("%s=%g", name, scores[name]))
		}
		if text := strings.Join(got, " "); err != nil || scoresErr != nil || text != test.want {
			t.Errorf("day %d, the first %d: %q, %v, %v, want %q", test.day, test.n, text, err, scoresErr, test.want)
		}
	}
}

// However many names there are, the counts have a bound and an end, and what is
// asked for often stays.
//
// Red when: addScript does not trim; or trims from the wrong end; or sets no end.
func TestCountsAreBounded(t *testing.T) {
	t.Parallel()
	redis, install := exotest.NewRedis(t), newInstall()
	asked, _ := calendar(t, redis.URL(), install)
	for round := range 3 {
		counts := map[string]float64{fmt.Sprint("often:", round): 1000}
		for i := range 20_000 {
			counts[fmt.Sprint("car:", round, ":", i)] = 1
		}
		if err := asked.Add(t.Context(), counts); err != nil {
			t.Fatal(err)
		}
	}
	key := "exo:" + install + ":{asked}:2026-02-26"
	if n, _ := redis.Do("ZCARD", key).(int64); n < rediscache.MostAsked || n > rediscache.MostAsked+rediscache.MostAsked/4 {
		t.Errorf("%d names are kept", n)
	}
	if ttl, _ := redis.Do("PTTL", key).(int64); ttl <= 7*24*3600*1000 || ttl > 8*24*3600*1000 {
		t.Errorf("the day is kept for %v", time.Duration(ttl)*time.Millisecond)
	}
	top, err := asked.Top(t.Context(), 3)
	if slices.Sort(top); err != nil || !slices.Equal(top, []string{"often:0", "often:1", "often:2"}) {
		t.Errorf("the most asked for are %v, %v, want the three of 1000", top, err)
	}
}

// Where Redis forbids a program to ask about it, the figures are unknown, and
// everything else works.
//
// Red when: a refusal counts as Redis not answering, or as zeros.
func TestInfoForbidden(t *testing.T) {
	t.Parallel()
	redis := exotest.NewRedis(t)
	redis.Do("ACL", "SETUSER", "app", "on", ">s3cret", "~exo:*", "&exo:*", "+@all", "-@admin", "-@dangerous")
	c := connected(t, strings.Replace(redis.URL(), "//", "//app:s3cret@", 1), newInstall())
	info, err := c.Info(t.Context())
	if want := (rediscache.Info{UsedMemory: -1, MaxMemory: -1, Clients: -1, MaxClients: -1, Evicted: -1, Rejected: -1, Masters: 1}); err != nil || info != want {
		t.Errorf("Redis tells %+v, %v, want %+v", info, err, want)
	}
	for name, call := range calls(c) {
		eventually(t, name+" works", func() bool { return call(t.Context()) == nil })
	}
}
