package httpx

import (
	"context"
	"net/http"
	"sync"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
)

// Admission is the context of a public read, derived from that of r: when the read
// must load something, one call is taken from the caller's bucket of the policy,
// once however many things it loads, and the request is noted as a miss. policy is
// asked only then. On a hit it costs no allocation.
func (l *Limiter) Admission(w http.ResponseWriter, r *http.Request, proxies TrustedProxies, policy func(*http.Request) string) context.Context {
	var a *admission
	if t := writerOf(w); t != nil && t.admission.request == nil {
		a = &t.admission
	} else {
		a = &admission{}
	}
	a.limiter, a.proxies, a.policy, a.w, a.request = l, proxies, policy, w, r
	return a.Under(r.Context(), a)
}

// admission is what Admission needs when it is asked.
type admission struct {
	cache.Admission
	limiter *Limiter
	proxies TrustedProxies
	policy  func(*http.Request) string
	w       http.ResponseWriter
	request *http.Request // nil: not in use

	once sync.Once // parts of an answer may be read at once
	err  error
}

// Admit implements cache.Admitter.
func (a *admission) Admit() error {
	a.once.Do(func() {
		policy, record := a.policy(a.request), obs.RequestFrom(a.request.Context())
		record.SetCache(obs.Miss)
		record.SetSearch(policy == LimitSearch)
		a.err = a.limiter.Check(a.request.Context(), a.w, policy, CallerKey(a.proxies.ClientAddr(a.request)))
	})
	return a.err
}
