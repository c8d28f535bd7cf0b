package rediscache

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

const (
	// askedDays are looked at; a day counts half of the one after it.
	askedDays = 7
	// askedLife of a day's counts is one day longer, as they are of days that begin
	// and end.
	askedLife = (askedDays + 1) * 24 * time.Hour
	// mostAsked names of a day are kept when there are askedRoom: who comes late has
	// that room to be asked for again before he is weighed.
	mostAsked = 20_000
	askedRoom = 25_000
	// askedBatch is how many counts Redis adds without doing anything else.
	askedBatch = 500
	// longestName is that of a name that is counted.
	longestName = 512
)

// addScript adds counts to those of a day.
var addScript = rueidis.NewLuaScript(`
for i = 4, #ARGV, 2 do redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i]) end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[1]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`)

// Asked counts what all nodes of the installation are asked for, so that a node
// that starts loads the most wanted first. Counts are best effort: nothing depends
// on one arriving.
type Asked struct{ client *Client }

// Asked are the counts of the installation.
func (c *Client) Asked() *Asked { return &Asked{c} }

// Add adds to today's counts. Those that are not above 0 and names of more than 512
// bytes are left out. After an error some may have been added.
func (a *Asked) Add(ctx context.Context, counts map[string]float64) error {
	key := []string{a.key(a.client.now())}
	fixed := []string{strconv.Itoa(mostAsked), strconv.Itoa(askedRoom), milliseconds(askedLife)}
	args := slices.Clone(fixed)
	send := func() error {
		if len(args) == len(fixed) {
			return nil
		}
		batch := args
		args = slices.Clone(fixed)
		return a.client.breaker.try(ctx, func(ctx context.Context) error {
			_, err := call(ctx, a.client, func(ctx context.Context, server rueidis.Client) (struct{}, error) {
				return struct{}{}, addScript.Exec(ctx, server, key, batch).Error()
			}, nil)
			return err
		})
	}
	for name, count := range counts {
		if !(count > 0) || math.IsInf(count, 0) || len(name) > longestName {
			continue
		}
		args = append(args, name, strconv.FormatFloat(count, 'g', -1, 64))
		if len(args) >= len(fixed)+2*askedBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// Top are the n names that were asked for most, the first of all in front.
func (a *Asked) Top(ctx context.Context, n int) ([]string, error) {
	scores, err := a.Scores(ctx)
	if err != nil {
		return nil, err
	}
	names := slices.SortedFunc(maps.Keys(scores), func(a, b string) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), strings.Compare(a, b))
	})
	return names[:min(max(n, 0), len(names))], nil
}

// Scores are how often each name was asked for: the count of today, half of
// yesterday's, a quarter of that of the day before, and so on for a week. They are
// some megabytes if the whole week was busy, so this is for the start of a node. The
// days are added up here: a union in Redis would keep everybody else waiting for a
// tenth of a second.
func (a *Asked) Scores(ctx context.Context) (map[string]float64, error) {
	scores := map[string]float64{}
	weight, today := 1.0, a.client.now()
	for day := range askedDays {
		key := a.key(today.AddDate(0, 0, -day))
		err := a.client.breaker.try(ctx, func(ctx context.Context) error {
			counts, err := call(ctx, a.client, func(ctx context.Context, server rueidis.Client) ([]rueidis.ZScore, error) {
				return server.Do(ctx, server.B().Zrange().Key(key).Min("0").Max(strconv.Itoa(askedRoom-1)).Rev().Withscores().Build()).AsZScores()
			}, nil)
			for _, count := range counts {
				scores[count.Member] += weight * count.Score
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		weight /= 2
	}
	return scores, nil
}

// key is that of the UTC day of an instant.
func (a *Asked) key(at time.Time) string {
	return "exo:" + a.client.install + ":{asked}:" + at.UTC().Format(time.DateOnly)
}
