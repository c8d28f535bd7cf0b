package cachetest

import (
	"context"
	"testing"
	"time"

	"github.com/exodrive/exodrive/cache"
)

// BellSuite checks the contract of cache.Bell. open makes n bells of one fleet,
// each for a node; those of two calls do not hear each other.
func BellSuite(t *testing.T, open func(t *testing.T, n int) []cache.Bell) {
	t.Run("a ring is heard by every node that listens", func(t *testing.T) {
		bells := open(t, 3)
		var ears []*ear
		for _, b := range bells {
			ears = append(ears, listen(t, b))
		}
		for i, b := range bells {
			for _, e := range ears {
				e.forget()
			}
			if err := b.Ring(t.Context(), cache.News{}); err != nil {
				t.Fatalf("ring %d: %v", i, err)
			}
			for j, e := range ears {
				if i != j {
					e.await(t)
				}
			}
		}
	})
	t.Run("who begins to listen is told at once, as he may have missed a ring", func(t *testing.T) {
		listenWithout(t, open(t, 1)[0]).await(t)
	})
	t.Run("a node that stops listening is not called any more", func(t *testing.T) {
		bells := open(t, 2)
		deaf, other := listen(t, bells[0]), listen(t, bells[1])
		deaf.stop()
		<-deaf.stopped
		deaf.forget()
		other.forget()
		if err := bells[0].Ring(t.Context(), cache.News{}); err != nil {
			t.Fatal(err)
		}
		other.await(t)
		select {
		case <-deaf.heard:
			t.Error("a node was called after it had stopped listening")
		default:
		}
	})
	t.Run("a ring nobody hears is no error", func(t *testing.T) {
		if err := open(t, 1)[0].Ring(t.Context(), cache.News{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a context that has ended ends the ring", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := open(t, 1)[0].Ring(ctx, cache.News{}); err == nil {
			t.Error("a ring succeeds under a context that has ended")
		}
	})
}

// ear is one node that listens.
type ear struct {
	heard   chan struct{}
	stop    context.CancelFunc
	stopped chan struct{}
}

// listen waits until the bell has told that it listens.
func listen(t *testing.T, b cache.Bell) *ear {
	e := listenWithout(t, b)
	e.await(t)
	return e
}

func listenWithout(t *testing.T, b cache.Bell) *ear {
	ctx, stop := context.WithCancel(context.Background())
	e := &ear{heard: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{})}
	go func() {
		defer close(e.stopped)
		b.Hear(ctx, func(cache.News) {
			select {
			case e.heard <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() { stop(); <-e.stopped })
	return e
}

func (e *ear) await(t *testing.T) {
	t.Helper()
	late := time.NewTimer(suiteLimit)
	defer late.Stop()
	select {
	case <-e.heard:
	case <-late.C:
		t.Fatal("no ring was heard")
	}
}

func (e *ear) forget() {
	select {
	case <-e.heard:
	default:
	}
}
