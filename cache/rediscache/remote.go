package rediscache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/exodrive/exodrive/cache"
)

const (
	// headBytes are those of epoch and stamp before the bytes of an entry, 20 decimal
	// digits each, which a script can compare.
	headBytes = digits + digits
	digits    = 20
	// aloneFor is for how long nobody waits for a key that could not be stored.
	aloneFor = 100 * time.Millisecond
	// longestText is that of a key that is used as it is.
	longestText = 200
)

// newerLua compares two stamps. Lua compares text by the locale and numbers exactly
// up to 2^53 only, so it does in two halves. An entry stands if it is of an epoch,
// has a head of digits, and a life: any other value is not ours, nor is one of
// another type, over which plain commands would fail.
const newerLua = `
local function half(s, from, to) return tonumber(string.sub(s, from, to), 10) end
local function newer(a, b)
  local ah, bh = half(a, 1, 10), half(b, 1, 10)
  return ah > bh or ah == bh and half(a, 11, 20) > half(b, 11, 20)
end
local function text(...)
  local v = redis.pcall(...)
  return type(v) == 'string' and v or false
end
local function standing(epoch)
  local head = text('GETRANGE', KEYS[1], 0, 39)
  if head and #head == 40 and string.find(head, '^%d+$') and string.sub(head, 1, 20) == epoch and redis.call('PTTL', KEYS[1]) > 0 then
    return string.sub(head, 21, 40)
  end
  return false
end
`

// takeScript answers what somebody filled meanwhile, or with 1 for a lease, 2 for
// somebody else's, 3 for a key that nobody waits for. A Redis that takes no more
// writes has no leases to give.
var takeScript = rueidis.NewLuaScript(newerLua + `
local stamp = standing(ARGV[1])
if stamp and newer(stamp, ARGV[2]) then
  return {0, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1])}
end
local lease = text('GET', KEYS[2])
if lease == '-' then return {3} end
if lease then return {2} end
local set = redis.pcall('SET', KEYS[2], '=' .. ARGV[3], 'PX', ARGV[4])
if type(set) == 'table' and set.err then return {3} end
return {1}
`)

// fillScript stores an entry unless one of the same epoch is newer, and ends its
// holder's lease.
var fillScript = rueidis.NewLuaScript(newerLua + `
if text('GET', KEYS[2]) == '=' .. ARGV[1] then redis.call('DEL', KEYS[2]) end
local stamp = standing(string.sub(ARGV[2], 1, 20))
if stamp and newer(stamp, string.sub(ARGV[2], 21, 40)) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`)

// releaseScript ends a lease, if it is still its holder's, and for a moment lets
// nobody wait for the key; or, with 0 ms, gives the next who asks a lease.
var releaseScript = rueidis.NewLuaScript(`
if redis.pcall('GET', KEYS[2]) ~= '=' .. ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[2]) end
redis.call('SET', KEYS[2], '-', 'PX', ARGV[2])
return 1
`)

// Remote is the second level of a cache on this Redis. Its calls have no deadline
// but that of their context.
func (c *Client) Remote() cache.Remote { return remote{c} }

type remote struct{ *Client }

// Take implements cache.Remote. The way of a hit is two plain commands in one round
// trip, as a script costs Redis more than the rest of a small hit.
func (r remote) Take(ctx context.Context, want cache.Wanted) (cache.Taken, error) {
	keys := r.keys(want.Key)
	return call(ctx, r.Client, func(free context.Context, server rueidis.Client) (cache.Taken, error) {
		// The life is asked for first: if the entry is replaced in between, the newer one
		// ends too early instead of the older one too late.
		both := server.DoMulti(free, server.B().Pttl().Key(keys[0]).Build(), server.B().Get().Key(keys[0]).Build())
		taken, ok, err := found(both[0], both[1], want)
		if err == nil && !ok {
			err = ctx.Err() // a lease for nobody would keep the others waiting
		}
		if ok || err != nil {
			return taken, err
		}
		return lease(free, server, keys, want)
	}, func(free context.Context, server rueidis.Client, taken cache.Taken) {
		if taken.Outcome == cache.Leased { // nobody is there to load
			_ = releaseScript.Exec(free, server, keys, []string{want.Token, "0"}).Error() // it ends anyway
		}
	})
}

// found judges an entry by its head. What has none is not there.
func found(life, value rueidis.RedisResult, want cache.Wanted) (cache.Taken, bool, error) {
	left, err := life.AsInt64()
	if err != nil {
		return cache.Taken{}, false, err
	}
	bytes, err := value.AsBytes()
	switch {
	case rueidis.IsRedisNil(err) || isOther(err) || err == nil && (left <= 0 || len(bytes) < headBytes):
		return cache.Taken{}, false, nil
	case err != nil:
		return cache.Taken{}, false, err
	}
	stamp, err := strconv.ParseUint(string(bytes[digits:headBytes]), 10, 64)
	if err != nil || string(bytes[:digits]) != twenty(uint64(want.Epoch)) || cache.Mark(stamp) <= want.Above {
		return cache.Taken{}, false, nil //nolint:nilerr // broken bytes are a miss
	}
	return cache.Taken{Outcome: cache.Found, Bytes: bytes[headBytes:], Left: time.Duration(left) * time.Millisecond}, true, nil
}

// isOther tells whether a value is of another type than ours.
func isOther(err error) bool {
	refusal, ok := rueidis.IsRedisErr(err)
	return ok && strings.HasPrefix(refusal.Error(), "WRONGTYPE")
}

// lease asks for the lease of a key that has no entry of use.
func lease(ctx context.Context, server rueidis.Client, keys []string, want cache.Wanted) (cache.Taken, error) {
	reply, err := takeScript.Exec(ctx, server, keys, []string{
		twenty(uint64(want.Epoch)), twenty(uint64(want.Above)), want.Token, milliseconds(want.Lease),
	}).ToArray()
	if err != nil {
		return cache.Taken{}, err
	}
	outcome := int64(-1)
	if len(reply) > 0 {
		outcome, _ = reply[0].AsInt64()
	}
	switch {
	case outcome == 0 && len(reply) == 3:
		bytes, err := reply[2].AsBytes()
		left, leftErr := reply[1].AsInt64()
		if err != nil || leftErr != nil || len(bytes) < headBytes {
			return cache.Taken{Outcome: cache.Alone}, nil //nolint:nilerr // broken bytes are a miss
		}
		return cache.Taken{Outcome: cache.Found, Bytes: bytes[headBytes:], Left: time.Duration(left) * time.Millisecond}, nil
	case outcome == 1:
		return cache.Taken{Outcome: cache.Leased}, nil
	case outcome == 2:
		return cache.Taken{Outcome: cache.Wait}, nil
	case outcome == 3:
		return cache.Taken{Outcome: cache.Alone}, nil
	}
	return cache.Taken{}, fmt.Errorf("rediscache: an answer of %d parts that begins with %d", len(reply), outcome)
}

// Fill implements cache.Remote.
func (r remote) Fill(ctx context.Context, key cache.Key, token string, data cache.Stored) error {
	value := make([]byte, 0, headBytes+len(data.Bytes))
	value = append(append(append(value, twenty(uint64(data.Epoch))...), twenty(uint64(data.Stamp))...), data.Bytes...)
	return r.run(ctx, fillScript, key, token, rueidis.BinaryString(value), milliseconds(data.Life))
}

// Release implements cache.Remote.
func (r remote) Release(ctx context.Context, key cache.Key, token string, next cache.Outcome) error {
	if next == cache.Leased {
		return r.run(ctx, releaseScript, key, token, "0")
	}
	return r.run(ctx, releaseScript, key, token, milliseconds(aloneFor))
}

// Ping implements cache.Remote. It runs a script as the other calls do, on a key
// of nobody: a Redis that answers PING but forbids scripts is of no use. On Cluster
// the key is another node's each time.
func (r remote) Ping(ctx context.Context) error {
	key := cache.Key{Shape: "ping", Text: strconv.FormatUint(rand.Uint64(), 36)}
	return r.run(ctx, releaseScript, key, "", "0")
}

func (r remote) run(ctx context.Context, script *rueidis.Lua, key cache.Key, args ...string) error {
	keys := r.keys(key)
	_, err := call(ctx, r.Client, func(free context.Context, server rueidis.Client) (struct{}, error) {
		return struct{}{}, script.Exec(free, server, keys, args).Error()
	}, nil)
	return err
}

// keys are the names of an entry and of its lease, which lie in one slot.
func (c *Client) keys(key cache.Key) []string {
	both := "exo:" + c.install + ":" + key.Shape + ":{" + safe(key.Text) + "}:"
	return []string{both + "e", both + "l"}
}

// safe is a text of at most longestText bytes for one that may be anything, another
// one for each. Redis takes as the slot's name what is between the first "{" and
// the first "}" behind it, and the whole key if that is nothing: so entry and
// lease of a text that begins with "}" would part.
func safe(text string) string {
	if text != "" && len(text) <= longestText && text[0] != '}' && text[0] != '#' {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "#" + hex.EncodeToString(sum[:])
}

// twenty writes a number with as many digits as the largest has.
func twenty(n uint64) string {
	text := [digits]byte{}
	for i := digits - 1; i >= 0; i-- {
		text[i], n = '0'+byte(n%10), n/10
	}
	return string(text[:])
}

// milliseconds are those of a life, rounded down, at least one, as Redis refuses
// none.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}
