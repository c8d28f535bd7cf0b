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

	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/rediscache"
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
)

// cacheBound is for how long a node may answer from memory without having read
// the journal: how old any answer can be.
const cacheBound = 2 * time.Second

// warmWait is how long the program is not ready because it warms its cache.
const warmWait = 10 * time.Second

// App is the program, built and listening. Serve ends it.
type App struct {
	Rental *rental.Service
	Store  *sqlstore.Store
	Cache  *rental.Cache

	redis    *rediscache.Client // nil: none
	history  *obs.History
	unshare  func()      // ends the look at threads; nil: there was none
	traces   *obs.Traces // nil: none
	log      *slog.Logger
	site     *http.Server
	ops      *http.Server
	siteL    net.Listener
	opsL     net.Listener
	draining atomic.Bool
	// forwarded is set once a call came with an X-Forwarded-For that is not believed.
	forwarded atomic.Bool

	warmed    <-chan struct{} // closed when the warming of the start has ended; nil without one
	warmUntil time.Time       // until then that keeps the program from being ready
}

// OpenStore opens the configured database and leaves its schema as it is. The
// error is a sentence for the operator.
func OpenStore(ctx context.Context, c Config, now func() time.Time) (*sqlstore.Store, error) {
	store, err := sqlstore.Open(ctx, sqlstore.Config{URL: c.DatabaseURL, Pool: c.Pool, Pooler: c.Pooler, Now: now, ServerTime: true})
	if err != nil {
		return nil, storeFault(c.DatabaseURL, err)
	}
	return store, nil
}

// OpenMigrated is OpenStore, and migrates the database where that is this
// process's business: always an embedded one, a Postgres one only when it is
// empty.
func OpenMigrated(ctx context.Context, c Config, now func() time.Time) (*sqlstore.Store, error) {
	store, err := OpenStore(ctx, c, now)
	if err != nil {
		return nil, err
	}
	if err := store.MigrateAtStart(ctx); err != nil {
		store.Close()
		return nil, migrationFault(err)
	}
	return store, nil
}

// Migrate brings the schema to this release's version, because the operator asked
// for it. The error is a sentence.
func Migrate(ctx context.Context, store *sqlstore.Store) (from, to int64, err error) {
	if from, to, err = store.Migrate(ctx); err != nil {
		return from, to, migrationFault(err)
	}
	return from, to, nil
}

// New builds everything and begins to listen. The error is a sentence for the
// operator. now is the machine's clock, time.Now but in tests; what is held, due and over
// goes by the store's.
func New(ctx context.Context, c Config, version string, log *slog.Logger, now func() time.Time) (_ *App, err error) {
	a := &App{log: log}
	defer func() { //nolint:contextcheck // what has begun is ended whatever became of ctx
		if err != nil {
			a.close()
		}
	}()
	if rental.IsMade(c.AdminToken) {
		return nil, errors.New("EXO_ADMIN_TOKEN holds a token of exodrive admin token, which would gain every right here; " +
			"unset it for serve, which knows that token anyway, or set one of your own")
	}
	if err = a.listen(ctx, c); err != nil {
		return nil, err
	}
	if a.traces, err = openTraces(ctx, c, version, log); err != nil {
		return nil, err
	}
	if a.Store, err = OpenMigrated(ctx, c, now); err != nil {
		return nil, err
	}
	metrics := obs.NewMetrics(version)
	for name := range a.Store.PoolStats() {
		metrics.Pool(name, func() obs.PoolStats { return a.Store.PoolStats()[name] })
	}
	if a.redis, err = openRedis(ctx, c, a.Store, log); err != nil {
		return nil, because(err)
	}
	if a.redis != nil {
		metrics.Registry.MustRegister(redisMetrics{a.redis})
	}
	ofCache := newCacheMetrics(cacheBound, func() cache.Stats { return a.Cache.Stats() })
	metrics.Registry.MustRegister(ofCache)
	a.Cache = rental.NewCache(a.Store, func(o *cache.Options) {
		o.Log, o.Bound, o.Loaded, o.Called = log, cacheBound, ofCache.loaded, ofCache.called
		o.Loads = loadsOf(a.Store)
		if a.redis != nil {
			withRedis(o, a.redis, a.traces != nil)
		}
	})
	a.history = obs.NewHistory(metrics, now)
	secrets, err := secretsOf(ctx, c, a.Store)
	if err != nil {
		return nil, because(err)
	}
	ofJobs := newJobMetrics(metrics.Registry, a.Store.Now, rental.JobKinds, a.Store.JobFigures)
	if a.Rental, err = rental.New(ctx, rental.Options{
		Store: a.Store, Cache: a.Cache, Asked: askedOf(a.redis), History: a.history, Now: a.Store.Now, Zone: c.Zone, Secrets: secrets, JobSettled: ofJobs.settled,
	}); err != nil {
		return nil, because(err)
	}
	if err = a.Rental.CheckDemo(ctx, c.Demo); err != nil {
		return nil, because(err)
	}
	a.begin(c.WarmOnStart) //nolint:contextcheck // it lives until stop, not for as long as a start may take
	a.site = server(a.handler(c, metrics, marks(c, secrets), now), log)
	a.ops = server(obs.OpsHandler(metrics.Registry, a.ready), log)
	// A profile is written for as long as it was asked to last.
	a.ops.WriteTimeout = 5 * time.Minute
	return a, nil
}

// begin starts what runs by itself.
func (a *App) begin(warm bool) {
	a.Cache.Start()
	a.watch()
	a.unshare = a.shareProcessors()
	a.Rental.Start()
	if warm {
		a.warmed, a.warmUntil = a.Rental.WarmAtStart(connectedTo(a.redis)), time.Now().Add(warmWait)
	}
}

// listen takes the ports. It comes first: a port in use must not cost a migration.
func (a *App) listen(ctx context.Context, c Config) (err error) {
	if a.siteL, err = listen(ctx, "EXO_ADDR", c.Addr); err == nil && c.OpsAddr != "" {
		a.opsL, err = listen(ctx, "EXO_OPS_ADDR", c.OpsAddr)
	}
	return err
}

func listen(ctx context.Context, name, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s cannot be used: %w; stop the program that uses it, or set %[1]s to another address", name, addr, because(err))
	}
	return l, nil
}

// routes mounts the front ends.
func (a *App) routes(c Config, now func() time.Time) *http.ServeMux {
	var limiter *httpx.Limiter
	if c.RateLimits {
		limiter = httpx.NewLimiter(now, httpx.DefaultPolicies)
		if a.redis != nil {
			limiter.Share(tracedBuckets{a.redis.Limits()})
		}
	}
	mux := http.NewServeMux()
	ofAPI := api.Options{Rental: a.Rental, Limiter: limiter, Proxies: c.Proxies, AdminToken: c.AdminToken}
	if a.redis != nil {
		ofAPI.Redis = redisFigures(a.redis)
	}
	ofAPI.Doctor = a.doctor(c)
	api.Mount(mux, ofAPI)
	web.Mount(mux, web.Options{Rental: a.Rental, Limiter: limiter, Proxies: c.Proxies, Pictures: demo.Pictures(), Now: a.Store.Now, Demo: c.Demo})
	return mux
}

// handler is the site: its routes, behind what stands before all of them.
func (a *App) handler(c Config, metrics *obs.Metrics, m *httpx.Marks, now func() time.Time) http.Handler {
	observed := httpx.Observe(httpx.MuxWithPages(a.routes(c, now), web.Unmatched), httpx.ObserveOptions{Log: a.log, AccessLog: c.AccessLog, Metrics: metrics, Traces: a.traces, Marks: m})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			// A caller who keeps the connection would send its next request just when it
			// is closed.
			w.Header().Set("Connection", "close")
		}
		a.noteForwarded(r, &c)
		observed.ServeHTTP(w, r)
	})
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Addr is where the site listens.
func (a *App) Addr() net.Addr { return a.siteL.Addr() }

// OpsAddr is where operators ask; nil when that is off.
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
	if a.warming() {
		return errors.New("warming")
	}
	if err := a.Rental.Ready(ctx); err != nil {
		return because(err)
	}
	return nil
}

// warming tells whether the cache is warmed at the start, as long as that is worth
// waiting for.
func (a *App) warming() bool {
	if a.warmed == nil {
		return false
	}
	select {
	case <-a.warmed:
		return false
	default:
		return time.Now().Before(a.warmUntil)
	}
}

// close undoes a New that failed.
func (a *App) close() {
	for _, l := range []net.Listener{a.siteL, a.opsL} {
		if l != nil {
			l.Close()
		}
	}
	if a.history != nil { // it asks the others
		a.history.Close()
	}
	if a.unshare != nil {
		a.unshare()
	}
	if a.Cache != nil {
		a.Cache.Close()
	}
	if a.redis != nil {
		a.redis.Close()
	}
	if a.Store != nil {
		a.Store.Close()
	}
	a.traces.Close()
}
