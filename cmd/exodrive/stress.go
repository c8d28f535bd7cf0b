package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/exodrive/exodrive/stress"
)

type stressOverlapCmd struct {
	Clients int    `default:"64" help:"How many renters try at once."`
	Cars    int    `default:"3" help:"How many cars they fight over."`
	Seconds int    `default:"20" help:"For how long."`
	Servers int    `default:"0" help:"Over so many servers that are started for it; 0: within this program."`
	Seed    uint64 `help:"The random choices; empty: new ones, which are shown."`
}

// Run lets renters fight over cars, in a database beside the configured one that is
// thrown away, and checks that no two got the same day.
func (c *stressOverlapCmd) Run(e *environment) (err error) {
	if c.Clients < 1 || c.Cars < 1 || c.Seconds < 1 || c.Servers < 0 {
		return errors.New("there must be at least one client, one car and one second, and no negative number of servers")
	}
	config, err := e.settings.Config()
	if err != nil {
		return err
	}
	a, err := stress.NewArena(e.ctx, config.DatabaseURL, c.Cars)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	var desks []stress.Desk
	for range c.Servers {
		program, err := os.Executable()
		if err != nil {
			return err
		}
		d, err := a.Serve(e.ctx, program)
		if err != nil {
			return err
		}
		desks = append(desks, d)
	}
	if len(desks) == 0 {
		a.Sweep()
		desks = []stress.Desk{a.Desk()}
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64() //nolint:gosec // not a secret
	}
	fmt.Fprintf(e.out, "%d renters fight over %d cars for %d s, seed %d.\n", c.Clients, c.Cars, c.Seconds, c.Seed)
	o := stress.Overlap{Desks: desks, Cars: a.Cars, From: a.From, Clients: c.Clients, During: time.Duration(c.Seconds) * time.Second, Seed: c.Seed}.
		Run(e.ctx, func(tries int) { fmt.Fprintf(e.progress, "%8d tries\n", tries) })
	fmt.Fprintf(e.out, "%d tries: %d bookings, %d refusals; %d confirmed, %d changed, %d swapped, %d cancelled, %d sent again.\n",
		o.Tries, o.Wins, o.Refusals, o.Confirmed, o.Changed, o.Swapped, o.Cancelled, o.Again)
	fmt.Fprintf(e.out, "%.0f tries/s, p50 %s, p99 %s.\n", float64(o.Tries)/o.Lasted.Seconds(), o.P(0.5).Round(10*time.Microsecond), o.P(0.99).Round(10*time.Microsecond))
	if err := a.Check(e.ctx, o); err != nil {
		return err
	}
	fmt.Fprintln(e.out, "No two bookings share a day, none was lost, no hold is stuck, days and bookings agree.")
	return nil
}
