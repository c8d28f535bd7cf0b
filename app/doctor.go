package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// doctor looks at the running program.
func (a *App) doctor(c Config) *doctor.Doctor {
	return doctor.New(doctor.Parts{
		Settings: doctorSettings(c), Store: a.Store, Redis: a.redis,
		Cache: a.Cache.Stats, Families: a.Cache.Families(), Forwarded: a.forwarded.Load, Now: a.Store.Now,
	})
}

func doctorSettings(c Config) doctor.Settings {
	return doctor.Settings{
		Demo: c.Demo, BaseURL: c.BaseURL != "", Secret: len(c.Secrets) > 0, RateLimits: c.RateLimits, Proxies: len(c.Proxies) > 0,
	}
}

// noteForwarded remembers that a call named for whom it is made while no proxy is
// trusted, for the doctor.
func (a *App) noteForwarded(r *http.Request, c *Config) {
	if len(c.Proxies) == 0 && r.Header["X-Forwarded-For"] != nil && !a.forwarded.Load() {
		a.forwarded.Store(true)
	}
}

// operator is who has the settings at hand, and may therefore see everything.
var operator = exodrive.Actor{ID: "operator", Name: "operator", Scopes: []exodrive.Scope{exodrive.ScopeAll}}

// Examine has the doctor look at the configured stores, without a server and without
// changing anything.
func Examine(ctx context.Context, c Config, now func() time.Time) ([]doctor.Finding, error) {
	p := doctor.Parts{Settings: doctorSettings(c), Now: now}
	store, err := openToLook(ctx, c, now)
	if err != nil {
		found, examineErr := doctor.New(p).Examine(ctx, operator)
		return append([]doctor.Finding{doctor.NoDatabase(Reason(err))}, found...), examineErr
	}
	defer store.Close()
	p.Store, p.Now = store, store.Now
	if demo, err := rental.IsDemo(ctx, store); err == nil && demo {
		p.Settings.Demo = true
	}
	if p.Redis, err = openRedis(ctx, c, store, slog.New(slog.DiscardHandler)); err != nil {
		p.Redis = nil // a database without a schema, which the doctor finds himself
	}
	if p.Redis != nil {
		defer p.Redis.Close()
	}
	return doctor.New(p).Examine(ctx, operator)
}

// openToLook opens the configured database for reading alone.
func openToLook(ctx context.Context, c Config, now func() time.Time) (*sqlstore.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	if file, embedded := strings.CutPrefix(c.DatabaseURL, "sqlite:"); embedded {
		if _, err := os.Stat(strings.TrimPrefix(file, "//")); errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("there is no database yet at " + filepath.Clean(strings.TrimPrefix(file, "//")))
		}
	}
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: c.DatabaseURL, Pool: c.Pool, Pooler: c.Pooler, Now: now, ServerTime: true, ReadOnly: true})
	if err != nil {
		return nil, storeFault(c.DatabaseURL, err)
	}
	return store, nil
}

// lookLimit is how long the doctor waits for a database to open.
const lookLimit = 2 * time.Second
