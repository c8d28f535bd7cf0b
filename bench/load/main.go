// Command load runs tests/load/performance.js by k6 against a server that it starts,
// and writes a report. Its exit code is k6's: 0 when the targets of the performance
// guide are met, 99 when one is missed. make load runs it.
//
// With -break something is broken on purpose first, to see that the script finds it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/exodrive/exodrive/bench/stage"
)

const (
	script = "tests/load/performance.js"
	out    = "bench/out"
)

// options are what to run.
type options struct {
	k6       string
	stores   string // embedded or postgres
	breaks   string // "", slow or nocache
	cars     int    // 0: the demo fleet
	rate     int
	duration time.Duration
	warmup   time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.k6, "k6", "bin/k6", "the program k6")
	flag.StringVar(&o.stores, "stores", "embedded", "embedded, or postgres: Postgres and Redis with two nodes")
	flag.StringVar(&o.breaks, "break", "", "break a target on purpose: slow, every look at calendars takes 400 ms; or nocache, the cache is cleared all the time")
	flag.IntVar(&o.cars, "cars", 0, "cars of a generated fleet; 0 is the demo fleet")
	flag.IntVar(&o.rate, "rate", 200, "reads a second")
	flag.DurationVar(&o.duration, "duration", 30*time.Second, "how long it is measured")
	flag.DurationVar(&o.warmup, "warmup", 10*time.Second, "how long visitors come before that")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/load:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run returns the exit code of k6.
func run(ctx context.Context, o options) (int, error) {
	s, err := stage.New(ctx)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	nodes, err := startNodes(ctx, s, o)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.warmup+o.duration+2*time.Minute) // no run is longer
	defer cancel()
	if o.breaks == breakNoCache {
		go keepClearing(ctx, nodes[0])
	}
	series := filepath.Join(s.Folder(), "k6.csv")
	summary := filepath.Join(s.Folder(), "k6.json")
	token := stage.AdminToken
	if o.breaks == breakSlow {
		token = "" // what was made slow takes no writes
	}
	cmd := exec.CommandContext(ctx, o.k6, "run", "--no-usage-report", "--no-color", "--address", "", "--quiet", "--out", "csv="+series, "--summary-export", summary, script)
	cmd.Env = append(os.Environ(), "K6_CSV_TIME_FORMAT=unix_milli", "BASE_URL="+strings.Join(nodes, ","), fmt.Sprint("RATE=", o.rate),
		fmt.Sprintf("DURATION=%.0fs", o.duration.Seconds()), fmt.Sprintf("WARMUP=%.0fs", o.warmup.Seconds()), "EXO_ADMIN_TOKEN="+token)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	ended := cmd.Run()
	var failed *exec.ExitError
	if ended != nil && (!errors.As(ended, &failed) || failed.ExitCode() < 0) {
		return 0, fmt.Errorf("%s: %w", o.k6, ended)
	}
	if err := writeReport(o, series, summary, cmd.ProcessState.ExitCode()); err != nil {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}
