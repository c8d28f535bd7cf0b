package rediscache

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// Info is what Redis tells of itself. On Cluster the figures are the sums of the
// masters. What is not told, as where INFO is forbidden, is -1 or empty.
type Info struct {
	Version    string
	Policy     string // of eviction, as "allkeys-lfu"
	UsedMemory int64  // bytes
	MaxMemory  int64  // bytes, 0 for no limit
	Clients    int64
	MaxClients int64 // connections it takes
	Evicted    int64 // keys that left to make room, since its start
	Rejected   int64 // connections it did not take, since its start
	Masters    int   // that answered
}

// Info asks Redis about itself. Its error says that nothing answers; a Redis that
// forbids the question answers.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return call(ctx, c, func(ctx context.Context, server rueidis.Client) (Info, error) {
		nodes := server.Nodes()
		sum := Info{UsedMemory: -1, MaxMemory: -1, Clients: -1, MaxClients: -1, Evicted: -1, Rejected: -1}
		var failed error
		for _, node := range nodes {
			text, err := node.Do(ctx, node.B().Info().Build()).ToString()
			if _, refused := rueidis.IsRedisErr(err); refused {
				sum.Masters++
				continue
			}
			if err != nil {
				failed = err
				continue
			}
			if fields := infoFields(text); fields["role"] != "slave" {
				sum.add(fields)
			}
		}
		if sum.Masters > 0 {
			failed = nil
		}
		return sum, failed
	}, nil)
}

func (i *Info) add(fields map[string]string) {
	i.Masters++
	i.Version, i.Policy = fields["redis_version"], fields["maxmemory_policy"]
	for name, to := range map[string]*int64{
		"used_memory": &i.UsedMemory, "maxmemory": &i.MaxMemory, "connected_clients": &i.Clients, "maxclients": &i.MaxClients,
		"evicted_keys": &i.Evicted, "rejected_connections": &i.Rejected,
	} {
		if n, err := strconv.ParseInt(fields[name], 10, 64); err == nil {
			*to = max(*to, 0) + n
		}
	}
}

// infoFields are the lines of the answer to INFO.
func infoFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}
