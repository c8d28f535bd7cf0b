package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

type migrateCmd struct{}

// Run migrates and tells from where to where.
func (*migrateCmd) Run(e *environment) error {
	return withStore(e, func(store *sqlstore.Store, _ app.Config) error {
		from, to, err := app.Migrate(e.ctx, store)
		if err != nil {
			return err
		}
		if from == to {
			fmt.Fprintf(e.out, "The schema is up to date: version %d.\n", to)
			return nil
		}
		fmt.Fprintf(e.out, "Migrated the schema from version %d to %d.\n", from, to)
		return nil
	})
}

// The largest generated fleet: it is made in memory, about 10 KB a car.
const (
	mostCars = 200_000
	mostRows = 2_000_000 // bookings, and reviews
)

type seedCmd struct {
	Cars     int           `default:"1000" help:"How many cars."`
	Bookings int           `default:"10000" help:"How many bookings."`
	Reviews  int           `default:"10000" help:"How many reviews."`
	Seed     uint64        `default:"1" help:"Another seed gives another fleet."`
	Day      exodrive.Date `help:"The day around which bookings lie; empty is today."`
}

// Run migrates the database if it must, and fills it.
func (c *seedCmd) Run(e *environment) error {
	if c.Cars < 1 || c.Bookings < 0 || c.Reviews < 0 {
		return errors.New("there must be at least one car, and no negative number of bookings or reviews")
	}
	if c.Cars > mostCars || c.Bookings > mostRows || c.Reviews > mostRows {
		return fmt.Errorf("there may be at most %d cars, and %d bookings and reviews each", mostCars, mostRows)
	}
	return withRental(e, func(r *rental.Service, config app.Config) error {
		day := c.Day
		if day == 0 {
			day = exodrive.DateOf(time.Now().In(config.Zone))
		}
		begin := time.Now()
		fleet, err := demo.Generate(demo.Size{Cars: c.Cars, Bookings: c.Bookings, Reviews: c.Reviews, Seed: c.Seed}, day)
		if err != nil {
			return err
		}
		err = r.Seed(e.ctx, fleet, config.Demo, func(what string, n int) {
			fmt.Fprintf(e.progress, "%6.1f s  %s: %d\n", time.Since(begin).Seconds(), what, n)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "Seeded %d cars, %d bookings and %d reviews in %.1f s.\n", c.Cars, c.Bookings, c.Reviews, time.Since(begin).Seconds())
		return nil
	})
}

type backupCmd struct {
	File string `arg:"" help:"The file to write; it must not exist."`
}

// Run writes a consistent copy of the database.
func (c *backupCmd) Run(e *environment) error {
	return withStore(e, func(store *sqlstore.Store, _ app.Config) error {
		if _, err := os.Lstat(c.File); err == nil {
			return fmt.Errorf("%s exists already; name a new file", c.File)
		}
		if _, err := os.Stat(filepath.Dir(c.File)); err != nil {
			return fmt.Errorf("there is no folder %s; make it, or name a file elsewhere", filepath.Dir(c.File))
		}
		if err := store.Backup(e.ctx, c.File); err != nil {
			return err
		}
		info, err := os.Stat(c.File)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "Wrote %s, %d bytes.\n", c.File, info.Size())
		if err := store.NoteBackup(e.ctx); err != nil {
			fmt.Fprintln(e.progress, "exodrive: the backup is whole, but the database does not remember it for exodrive doctor: "+app.Reason(err))
		}
		return nil
	})
}

type restoreCmd struct {
	File string `arg:"" help:"A file that backup wrote from a database of the same kind."`
	Yes  bool   `help:"Replace what the database holds now. No server may be running."`
}

// Run replaces the database. No server may use it meanwhile.
func (c *restoreCmd) Run(e *environment) error {
	config, err := e.settings.Config()
	if err != nil {
		return err
	}
	if err := sqlstore.Restore(e.ctx, config.DatabaseURL, c.File, c.Yes); err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Restored %s.\n", c.File)
	return nil
}

// withStore opens the configured database, calls do and closes it.
func withStore(e *environment, do func(*sqlstore.Store, app.Config) error) error {
	return with(e, app.OpenStore, do)
}

// withRental is withStore for use-cases, on a database that serve would accept.
func withRental(e *environment, do func(*rental.Service, app.Config) error) error {
	return with(e, app.OpenMigrated, func(store *sqlstore.Store, config app.Config) error {
		c := rental.NewCache(store)
		defer c.Close()
		r, err := rental.New(e.ctx, rental.Options{Store: store, Cache: c, Zone: config.Zone})
		if err != nil {
			return err
		}
		return do(r, config)
	})
}

type opener func(context.Context, app.Config, func() time.Time) (*sqlstore.Store, error)

func with(e *environment, open opener, do func(*sqlstore.Store, app.Config) error) error {
	config, err := e.settings.Config()
	if err != nil {
		return err
	}
	store, err := open(e.ctx, config, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(do(store, config), store.Close())
}
