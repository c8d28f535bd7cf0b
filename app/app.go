// Package app builds the program from its configuration: it opens the store,
// makes the use-cases, mounts the front ends and serves them until it is told to
// stop. The program is a value, so that a test can run it whole.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/demo"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
	"github.com/exodrive/exodrive/web"
)

// Timeouts of the servers. A body must have arrived within readTimeout; an
// answer may take as long as the slowest statement and its transfer.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
	// stopTimeout is how long requests under way may take at the end; with
	// drainPause it stays under ten seconds.
	stopTimeout = 8 * time.Second
	// drainPause lets a balancer see /readyz fail before connections are refused.
	drainPause = 500 * time.Millisecond
)

// App is the program, built and listening.
type App struct {
	Rental *rental.Service
	Store  *sqlstore.Store

	log      *slog.Logger
	site     *http.Server
	ops      *http.Server
	siteL    net.Listener
	opsL     net.Listener
	draining atomic.Bool
}

// OpenStore opens and, where that is this process's business, migrates the
// database: always an embedded one, a Postgres one only when it is empty or up
// to date.
func OpenStore(ctx context.Context, c Config, now func() time.Time) (*sqlstore.Store, error) {
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: c.DatabaseURL, Pool: c.Pool, Pooler: c.Pooler, Now: now})
	if err != nil {
		return nil, fmt.Errorf("the database cannot be reached: %w", err)
	}
	return store, nil
}

// New builds everything and begins to listen. The error is a sentence for the
// operator. now is the clock, time.Now but in tests.
func New(ctx context.Context, c Config, version string, log *slog.Logger, now func() time.Time) (_ *App, err error) {
	a := &App{log: log}
	// Listening comes first: a port in use must not cost a migration.
	if a.siteL, err = net.Listen("tcp", c.Addr); err != nil {
		return nil, fmt.Errorf("EXO_ADDR %s cannot be used: %w", c.Addr, err)
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if c.OpsAddr != "" {
		if a.opsL, err = net.Listen("tcp", c.OpsAddr); err != nil {
			return nil, fmt.Errorf("EXO_OPS_ADDR %s cannot be used: %w", c.OpsAddr, err)
		}
	}
	if a.Store, err = OpenStore(ctx, c, now); err != nil {
		return nil, err
	}
	if err = migrateForServing(ctx, a.Store); err != nil {
		return nil, err
	}
	if a.Rental, err = rental.New(ctx, rental.Options{Store: a.Store, Now: now, Zone: c.Zone}); err != nil {
		return nil, err
	}
	if err = a.Rental.CheckDemo(ctx, c.Demo); err != nil {
		return nil, sentence(err)
	}
	metrics := obs.NewMetrics(version)
	for name := range a.Store.PoolStats() {
		metrics.Pool(name, func() obs.PoolStats { return a.Store.PoolStats()[name] })
	}
	a.site = server(a.handler(c, metrics, now), log)
	a.ops = server(obs.OpsHandler(metrics.Registry, a.ready), log)
	// A profile is written for as long as it was asked to last.
	a.ops.WriteTimeout = 5 * time.Minute
	return a, nil
}

// migrateForServing migrates an empty or embedded database. A Postgres one that
// another release has filled waits for the operator: exodrive migrate.
func migrateForServing(ctx context.Context, store *sqlstore.Store) error {
	have, want, err := store.SchemaVersions(ctx)
	if err != nil {
		return fmt.Errorf("the schema cannot be read: %w", err)
	}
	if have > want {
		return sqlstore.ErrNewerSchema
	}
	if have != 0 && have < want && !store.Embedded() {
		return fmt.Errorf("the database has schema %d and this release needs %d; run: exodrive migrate", have, want)
	}
	if _, _, err := store.Migrate(ctx); err != nil {
		return fmt.Errorf("the database cannot be migrated: %w", err)
	}
	return nil
}

// sentence is the part of an error that is for people, where it has one.
func sentence(err error) error {
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		return errors.New(e.Message)
	}
	return err
}

// handler mounts the front ends. The API has a mux of its own below /api/, so
// that pages may one day claim every other path.
func (a *App) handler(c Config, metrics *obs.Metrics, now func() time.Time) http.Handler {
	var limiter *httpx.Limiter
	if c.RateLimits {
		limiter = httpx.NewLimiter(now, httpx.DefaultPolicies)
	}
	mux := http.NewServeMux()
	api.Mount(mux, api.Options{Rental: a.Rental, Limiter: limiter, Proxies: c.Proxies, AdminToken: c.AdminToken})
	web.Mount(mux, web.Options{Rental: a.Rental, Limiter: limiter, Proxies: c.Proxies, Pictures: demo.Pictures()})
	return httpx.Observe(httpx.Mux(mux), httpx.ObserveOptions{Log: a.log, AccessLog: c.AccessLog, Metrics: metrics})
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Addr and OpsAddr are where the program listens; OpsAddr may be nil.
func (a *App) Addr() net.Addr { return a.siteL.Addr() }

// OpsAddr is nil when the operations listener is off.
func (a *App) OpsAddr() net.Addr {
	if a.opsL == nil {
		return nil
	}
	return a.opsL.Addr()
}

func (a *App) ready(ctx context.Context) error {
	if a.draining.Load() {
		return errors.New("stopping")
	}
	return a.Rental.Ready(ctx)
}

// Serve answers until ctx ends, then finishes the requests under way and closes
// everything, in under ten seconds. It returns nil after such an end.
func (a *App) Serve(ctx context.Context) error {
	failed := make(chan error, 2)
	serve := func(s *http.Server, l net.Listener) {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}
	go serve(a.site, a.siteL)
	if a.opsL != nil {
		go serve(a.ops, a.opsL)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.draining.Store(true)
	time.Sleep(drainPause)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(err, a.site.Shutdown(stop), a.ops.Close(), a.Store.Close())
}

// close undoes a New that failed.
func (a *App) close() {
	for _, l := range []net.Listener{a.siteL, a.opsL} {
		if l != nil {
			l.Close()
		}
	}
	if a.Store != nil {
		a.Store.Close()
	}
}
