package flow_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exodrive/exodrive/bench/flow"
)

// A server that answers nobody for a while is seen by all who come meanwhile, and
// what is under way and waits stays bounded.
func TestFlow(t *testing.T) {
	var most, now atomic.Int64
	stuck := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-stuck
		now.Add(-1)
		w.Header().Set("X-Cache", "HIT")
	}))
	defer s.Close()
	time.AfterFunc(300*time.Millisecond, func() { close(stuck) })
	all, late, dropped := 0, 0, 0
	flow.Flow{Rate: 200, Callers: 5, Pick: func(int) string { return s.URL }}.Run(t.Context(), 500*time.Millisecond, func(a flow.Answer) {
		all++
		switch {
		case errors.Is(a.Err, flow.ErrNotSent):
			dropped++
		case a.Err != nil || a.Status != http.StatusOK || !a.Hit:
			t.Errorf("%+v", a)
		case a.Took > 100*time.Millisecond:
			late++
		}
	})
	if all != 100 || most.Load() > 5 {
		t.Errorf("%d calls, %d at once, want 100 and at most 5", all, most.Load())
	}
	if late < 10 || dropped < 20 {
		t.Errorf("%d were late and %d not sent, want the 25 there was room for and some 35", late, dropped)
	}
}
