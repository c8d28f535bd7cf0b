// Package rediscache keeps on Redis what the nodes of a fleet share: the second
// level of package cache, the bell between nodes, rate limits, and what was asked
// for most. It works on a single Redis, behind Sentinel and on Cluster, from
// release 6.2 on, with and without TLS.
//
// Redis holds no truth. An entry carries the epoch and the stamp of its load, and
// the node that takes it judges it by its own floors, which it has from the
// database's journal alone. So a Redis that lost its memory, came back from an old
// file, or failed over to a replica that lagged may offer old entries, but no node
// serves them; and it may lose rings, but every node polls the journal anyway.
// There is nothing to flush by hand, and no setting of persistence that matters.
// What Redis can cost is time: hence every call returns within its context's
// deadline whatever the server does, and [Client.Remote] is meant to be used behind
// the breaker of package cache.
//
// # Keys
//
// All begin with the name of the installation, so that several share a Redis.
//
//	exo:<install>:<shape>:{<text>}:e       an entry: epoch, stamp, bytes
//	exo:<install>:<shape>:{<text>}:l       who loads it, or that nobody waits for it
//	exo:<install>:bell                     the channel of rings
//	exo:<install>:limit:{<policy>:<hash>}  when a caller's bucket will be full
//	exo:<install>:{asked}:<day>            how often each name was asked for
//
// The braces choose the slot on Cluster: what a script uses together lies together.
// Every key ends by itself. allkeys-lfu is the best policy of eviction; losing any
// key is harmless.
package rediscache
