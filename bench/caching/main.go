// Command caching shows, and checks, what the cache promises, by servers that it
// starts: how many reads it answers, that a crowd costs one load, that nobody is shown
// what was overwritten, and that what is warmed is there. make test-cache runs it. Its
// exit code is 1 when a promise is missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/exodrive/exodrive/bench/stage"
)

// options are what to do.
type options struct {
	stores   string
	cars     int
	nodes    int
	rate     float64
	reading  time.Duration
	callers  int
	crowds   int
	writings int
}

func main() {
	var o options
	flag.StringVar(&o.stores, "stores", "embedded,postgres,redis", "which, with commas: embedded; postgres; redis, Postgres with Redis")
	flag.IntVar(&o.cars, "cars", 300, "cars of the generated fleet")
	flag.IntVar(&o.nodes, "nodes", 2, "servers on each store")
	flag.Float64Var(&o.rate, "rate", 200, "reads a second of the visitors")
	flag.DurationVar(&o.reading, "reading", 10*time.Second, "how long visitors come before and after the warming")
	flag.IntVar(&o.callers, "callers", 100, "callers of a crowd at each server")
	flag.IntVar(&o.crowds, "crowds", 20, "crowds of each kind")
	flag.IntVar(&o.writings, "writes", 30, "writes of each kind")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/caching:", err)
		os.Exit(1)
	}
}

// errMissed is the end of a run in which a promise was missed.
var errMissed = errors.New("the cache did not do as promised; see the table")

func run(ctx context.Context, o options) error {
	p := &page{o: o, begun: time.Now(), since: stage.Now()}
	for store := range strings.SplitSeq(o.stores, ",") {
		if err := try(ctx, o, store, p); err != nil {
			return fmt.Errorf("on %s: %w", store, err)
		}
	}
	return p.write()
}

// try does all of it on one kind of store.
func try(ctx context.Context, o options, store string, p *page) error {
	s, err := open(ctx, o, store)
	if err != nil {
		return err
	}
	defer s.close()
	p.shared = s.shared
	for _, step := range []struct {
		what string
		do   func(context.Context, *site, *page) error
	}{{"hit ratio", hitRatio}, {"stampede", stampede}, {"coherence", coherence}, {"warming", warming}, {"auditor", auditor}} {
		fmt.Fprintf(os.Stderr, "%s: %s\n", store, step.what)
		if err := step.do(ctx, s, p); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}
