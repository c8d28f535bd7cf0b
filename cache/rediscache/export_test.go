package rediscache

import (
	"github.com/redis/rueidis"

	"github.com/exodrive/exodrive/cache"
)

// Server is the library's own client of a connected Client.
func (c *Client) Server() rueidis.Client { return *c.server.Load() }

// UnderWay is how many calls have not ended, whoever waits for them.
func (c *Client) UnderWay() int { return len(c.calls) }

// KeysOf are the names of an entry and its lease.
func (c *Client) KeysOf(key cache.Key) []string { return c.keys(key) }

// The form of a ring.
var (
	PackNews   = packNews
	UnpackNews = unpackNews
)

// Bounds of what is counted.
const (
	MostAsked   = mostAsked
	LargestNews = largestNews
)
