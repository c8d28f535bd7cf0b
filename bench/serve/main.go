// Command serve measures how fast cached answers leave the program: side by side
// with the least a Go program can do, with nginx and with Varnish, all of which
// send the same bytes over loopback. make bench-serve runs it; scripts/setup bench
// installs what it needs beside Go.
//
// Every round measures everything once, and a ratio is taken within a round, so
// that a machine whose speed varies slows down both of its sides.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are what to measure, and for how long.
type options struct {
	rounds  int
	each    time.Duration // of one measurement of a rate
	open    time.Duration // of the open loop
	rate    int           // of the open loop, per second
	parts   string
	bare    string // set in the process of the bare server: its answers
	address string
}

// connections are kept open by the load generator at once.
const connections = 32

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	flag.DurationVar(&o.each, "each", 3*time.Second, "how long one rate is measured")
	flag.DurationVar(&o.open, "open", 30*time.Second, "how long the open loop lasts")
	flag.IntVar(&o.rate, "rate", 1000, "requests per second of the open loop")
	flag.StringVar(&o.parts, "parts", "core,cores,open", "what to measure: on one core, on all, in an open loop")
	flag.StringVar(&o.bare, "bare", "", "serve the answers of this file, as one of the servers does")
	flag.StringVar(&o.address, "address", "", "where -bare listens")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := measure
	if o.bare != "" {
		run = serveBare
	}
	if err := run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bench/serve:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

// measure prints the tables of every part.
func measure(ctx context.Context, o options) error {
	// Debian's servers are where only root looks for programs.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	for _, program := range []string{"wrk", "nginx", "varnishd", "taskset"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing; install it with: scripts/setup bench", program)
		}
	}
	w, err := newWorkshop(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Printf("%s; load average %s\n", conditions(), loadAverage())
	for _, part := range []struct {
		name string
		run  func(context.Context, options) error
	}{{"core", w.oneCore}, {"cores", w.allCores}, {"open", w.openLoop}} {
		if !strings.Contains(","+o.parts+",", ","+part.name+",") {
			continue
		}
		if err := part.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\nload average at the end %s\n", loadAverage())
	return nil
}
