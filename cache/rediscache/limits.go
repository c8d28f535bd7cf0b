package rediscache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// limitScript takes a call from a bucket in the form of the generic cell rate
// algorithm: all there is to know of it is when it will be full again, here in
// microseconds by the clock of Redis, as those of the nodes differ. A time beyond
// that of an empty bucket is of a clock that was set back, or of a slower policy. It
// counts as empty, and is written so, or it would be empty for ever anew.
var limitScript = rueidis.NewLuaScript(`
local each, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local full = tonumber(redis.call('GET', KEYS[1]) or now) or now
full = math.max(full, now)
if full > now + whole then
  full = now + whole
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil(whole / 1000))
end
if full + each > now + whole then return {0, full - now} end
full = full + each
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {1, full - now}
`)

// callerBytes of a caller's hash make two of a million callers meet with a
// probability below 10⁻²⁵.
const callerBytes = 16

// Limits are token buckets that all nodes of the installation share. While Redis
// does not answer, every call fails, within callLimit or at once.
type Limits struct{ client *Client }

// Limits are those of the installation.
func (c *Client) Limits() *Limits { return &Limits{c} }

// Take takes one call, which grows back in each, from a caller's bucket, which fills
// in whole, and returns for how long the bucket will not be full. A refused call,
// with ok false, takes nothing. Times count in whole microseconds. Who reads the
// memory of Redis finds hashes in place of callers; that keeps addresses out of
// dumps and logs, not from somebody who tries all there are.
func (l *Limits) Take(ctx context.Context, policy, caller string, each, whole time.Duration) (untilFull time.Duration, ok bool, err error) {
	key := []string{l.key(policy, caller)}
	args := []string{microseconds(each), microseconds(whole)}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	err = l.client.breaker.try(limited, func(ctx context.Context) error {
		reply, err := call(ctx, l.client, func(ctx context.Context, server rueidis.Client) ([]int64, error) {
			return limitScript.Exec(ctx, server, key, args).AsIntSlice()
		}, nil)
		if err == nil && len(reply) != 2 {
			err = fmt.Errorf("rediscache: %d numbers answer for a limit, want 2", len(reply))
		}
		if err == nil {
			ok, untilFull = reply[0] == 1, time.Duration(reply[1])*time.Microsecond
		}
		return err
	})
	return untilFull, ok, err
}

func (l *Limits) key(policy, caller string) string {
	sum := sha256.Sum256([]byte(l.client.install + "\x00" + policy + "\x00" + caller))
	return "exo:" + l.client.install + ":limit:{" + safe(policy) + ":" + hex.EncodeToString(sum[:callerBytes]) + "}"
}

// microseconds of a duration, rounded up: a call must not grow back too soon.
func microseconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Microsecond-1)/time.Microsecond), 10)
}
