package exotest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slots of a Redis Cluster.
const slots = 16384

// RedisCluster is a Redis Cluster of one test alone.
type RedisCluster struct {
	Nodes []*Redis // masters, each with an equal part of the slots
}

// NewRedisCluster starts n masters, which takes a second or two until they have
// met.
func NewRedisCluster(t testing.TB, n int) *RedisCluster {
	t.Helper()
	return newRedisCluster(t, n, false)
}

// NewRedisClusterTLS starts one that speaks TLS only.
func NewRedisClusterTLS(t testing.TB, n int) *RedisCluster {
	t.Helper()
	return newRedisCluster(t, n, true)
}

func newRedisCluster(t testing.TB, n int, secure bool) *RedisCluster {
	t.Helper()
	c := &RedisCluster{}
	for i := range n {
		r := newRedis(t)
		// Nobody is declared dead because the machine of the tests is busy.
		r.args = []string{"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(r.bus), "--cluster-node-timeout", "30000"}
		if secure {
			r.args = append(r.args, "--tls-cluster", "yes")
			r.secure(append(c.Nodes, r)[0])
		}
		r.Start()
		r.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		r.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slots/n), strconv.Itoa((i+1)*slots/n-1))
		c.Nodes = append(c.Nodes, r)
	}
	for i, r := range c.Nodes { // every pair, as news of a third travels slowly
		for _, other := range c.Nodes[:i] {
			r.Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(other.port), strconv.Itoa(other.bus))
		}
	}
	deadline := time.Now().Add(startLimit)
	for _, r := range c.Nodes {
		for {
			info := r.Do("CLUSTER", "INFO")
			if infoField(info, "cluster_state") == "ok" && infoField(info, "cluster_known_nodes") == strconv.Itoa(n) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the nodes of the cluster have not met within %v: %v", startLimit, info)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return c
}

// URL is the address of the cluster.
func (c *RedisCluster) URL() string {
	var all []string
	for _, r := range c.Nodes {
		all = append(all, r.Addr())
	}
	if ca := c.Nodes[0].ca; ca != "" {
		return "rediss-cluster://" + strings.Join(all, ",") + "?ca=" + ca
	}
	return "redis-cluster://" + strings.Join(all, ",")
}

// NewRedisSentinel starts a sentinel that watches a master, alone, and declares it
// dead after a second. It speaks TLS only if its master does. It returns the address
// of the master behind it.
func NewRedisSentinel(t testing.TB, master *Redis) string {
	t.Helper()
	s := newRedis(t)
	config := filepath.Join(s.base, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor exotest 127.0.0.1 %d 1\nsentinel down-after-milliseconds exotest 1000\nsentinel failover-timeout exotest 5000\n", master.port)
	err := os.WriteFile(config, []byte(text), 0o600)
	if err == nil {
		err = s.who.own(config)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.sentinel = config
	if master.ca != "" {
		s.secure(master)
	}
	s.Start()
	if s.ca != "" {
		return "rediss-sentinel://" + s.Addr() + "/exotest?ca=" + s.ca
	}
	return "redis-sentinel://" + s.Addr() + "/exotest"
}
