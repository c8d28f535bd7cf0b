// Command stress asks a server that it starts for more and more that only a load can
// answer, until it breaks; goes far beyond that for a while; and comes back. It
// shows, and checks, that beyond the knee hits stay fast, refusals come soon, memory
// stays bounded, and that the server recovers by itself. make stress runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/stage"
)

// options are how to stress.
type options struct {
	stores   string // embedded or postgres
	cars     int
	step     time.Duration
	beyond   float64
	flood    time.Duration
	hits     float64
	settings string
}

func main() {
	var o options
	flag.StringVar(&o.stores, "stores", "embedded", "embedded, or postgres: Postgres and Redis")
	flag.IntVar(&o.cars, "cars", 2000, "cars of a generated fleet, so many that loads are what breaks; 0 is the demo fleet")
	flag.DurationVar(&o.step, "step", 3*time.Second, "how long each rate of the ramp lasts")
	flag.Float64Var(&o.beyond, "beyond", 2.5, "how many times the knee the flood is")
	flag.DurationVar(&o.flood, "flood", 20*time.Second, "how long the flood lasts")
	flag.Float64Var(&o.hits, "hits", 100, "hits a second, all the time")
	flag.StringVar(&o.settings, "set", "", "a setting NAME=value of the server, to compare")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/stress:", err)
		os.Exit(1)
	}
}

// errMissed is the end of a run in which the server did not do as promised.
var errMissed = errors.New("beyond the knee the server did not do as promised; see the table")

func run(ctx context.Context, o options) error {
	s, err := stage.New(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	shared := s.Apart(ctx)
	node, err := start(ctx, s, o)
	if err != nil {
		return err
	}
	fleet, err := flow.Look(ctx, node.Site)
	if err != nil {
		return err
	}
	r := &trial{o: o, shared: shared, node: node, fleet: fleet}
	if err := r.play(ctx); err != nil {
		return err
	}
	return r.report()
}

func start(ctx context.Context, s *stage.Stage, o options) (*stage.Node, error) {
	settings, err := s.Stores(ctx, o.stores)
	if err != nil {
		return nil, err
	}
	if o.settings != "" {
		settings = append(settings, o.settings)
	}
	if o.cars == 0 {
		return s.Node(ctx, append(settings, "EXO_DEMO=true")...)
	}
	if err := s.Seed(ctx, o.cars, settings...); err != nil {
		return nil, err
	}
	return s.Node(ctx, settings...)
}
