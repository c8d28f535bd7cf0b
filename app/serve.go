package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long an end takes at most; together they stay under ten seconds, after
// which containers are killed.
const (
	// drainPause lets a balancer see /readyz fail before connections are refused.
	drainPause = 500 * time.Millisecond
	// stopTimeout is for the requests under way.
	stopTimeout = 8 * time.Second
	// closeTimeout is for statements whose request was cut.
	closeTimeout = time.Second
)

// Serve answers until ctx ends, then finishes the requests under way and closes
// everything, in under ten seconds. It returns nil after such an end. It is
// called once.
func (a *App) Serve(ctx context.Context) error {
	failed := make(chan error, 2)
	var serving sync.WaitGroup
	serve := func(s *http.Server, l net.Listener) {
		serving.Go(func() {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	serve(a.site, a.siteL)
	if a.opsL != nil {
		serve(a.ops, a.opsL)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	err = errors.Join(err, a.stop(context.WithoutCancel(ctx)))
	serving.Wait()
	return err
}

// stop turns away, waits, and closes, in this order.
func (a *App) stop(ctx context.Context) error {
	a.draining.Store(true)
	a.Cache.Rest() // a call that waits for a warming would wait too long
	time.Sleep(drainPause)
	waiting, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	err := a.site.Shutdown(waiting)
	if errors.Is(err, context.DeadlineExceeded) {
		// Whoever reads as slowly as that would keep us from ever ending.
		a.log.Warn("requests were cut", "after_ms", (drainPause + stopTimeout).Milliseconds())
		err = a.site.Close()
	}
	err = errors.Join(err, a.ops.Close())
	closed := make(chan error, 1)
	go func() { //nolint:contextcheck // ends with the last statement, which has its own limit
		a.history.Close()
		a.unshare()
		a.Cache.Close()
		if a.redis != nil {
			a.redis.Close()
		}
		a.traces.Close()
		closed <- a.Store.Close()
	}()
	select {
	case closeErr := <-closed:
		return errors.Join(err, closeErr)
	case <-time.After(closeTimeout):
		a.log.Warn("a statement was left running")
		return err
	}
}
