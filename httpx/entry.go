package httpx

import (
	"net/http"
	"strconv"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
)

// WriteEntry answers a GET or HEAD with a cached public answer: 200 with its body
// in the coding that the caller likes best, or 304 to one who has just that. s
// must come from a read without an error. It notes in the record of the request
// whether that was a hit, and sets every header of the answer but those of
// Observe. On a hit it takes no lock and allocates nothing.
func WriteEntry(w http.ResponseWriter, r *http.Request, s cache.Served) {
	writeEntry(w, r, s, revalidate, cdnMoment)
}

// WritePrivateEntry is WriteEntry for an answer that not everybody may see: nobody but the
// caller keeps it, and he asks before he shows it again.
func WritePrivateEntry(w http.ResponseWriter, r *http.Request, s cache.Served) {
	writeEntry(w, r, s, privately, noStore)
}

func writeEntry(w http.ResponseWriter, r *http.Request, s cache.Served, control, cdn []string) {
	v := variant(s.Entry, r.Header["Accept-Encoding"])
	h := w.Header()
	h["Etag"] = v.ETag
	h["Vary"] = varyEncoding
	if s.Stale == cache.Unverifiable {
		h["Cache-Control"], h["Cdn-Cache-Control"] = noStore, noStore
	} else {
		h["Cache-Control"], h["Cdn-Cache-Control"] = control, cdn
	}
	tellOrigin(w, r, s)
	// The tag must be that of the very body a 200 would have: two codings of one
	// answer are two representations (RFC 9110, 13.1.2 and 8.8.3.3).
	if anyMatches(r.Header["If-None-Match"], v.Tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = jsonType
	h["Content-Length"] = v.ContentLength
	if v.ContentEncoding != nil {
		h["Content-Encoding"] = v.ContentEncoding
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(v.Body) // the only failure left is a caller who has gone
	}
}

// Header values that many answers share: nobody changes one in place. Names
// stand in the maps as net/http spells them, so that none is spelled anew.
var (
	jsonType     = []string{"application/json"}
	varyEncoding = []string{"Accept-Encoding"}
	noStore      = []string{"no-store"}
	revalidate   = []string{"public, max-age=0, must-revalidate"}
	privately    = []string{"private, no-cache"}
	// A CDN that nobody purges may keep an answer as long as a node may.
	cdnMoment = []string{"max-age=2"}

	statusRefreshing = []string{cacheName + "; hit; detail=refreshing"}
	statusUnverified = []string{cacheName + "; hit; detail=stale-unverified"}
	statusLoaded     = []string{cacheName + "; fwd=miss; stored"}
	statusPassed     = []string{cacheName + "; fwd=miss; detail=stale-unverified"} // made of an unverified part, so not kept
)

// cacheName is this cache in Cache-Status (RFC 9211).
const cacheName = "ExoDrive"

// tellOrigin says where the answer is from: in the record, from which Observe
// makes X-Cache and the times, and in X-Cache-TTL and Cache-Status.
func tellOrigin(w http.ResponseWriter, r *http.Request, s cache.Served) {
	h, rec := w.Header(), obs.RequestFrom(r.Context())
	seconds, fresh := ttlTexts(s.Left)
	h["X-Cache-Ttl"] = seconds
	if isMiss(rec, s) {
		rec.SetCache(obs.Miss)
		if o := writerOf(w); o != nil {
			o.miss, o.waited = true, s.Cost
		}
		h["Cache-Status"] = statusLoaded
		if s.Stale == cache.Unverifiable {
			h["Cache-Status"] = statusPassed
		}
		return
	}
	rec.SetCache(obs.Hit)
	switch s.Stale {
	case cache.Refreshing:
		// Not fwd=stale: "fwd" says that this very call went to the database.
		h["Cache-Status"] = statusRefreshing
	case cache.Unverifiable:
		h["Cache-Status"] = statusUnverified
	default:
		h["Cache-Status"] = fresh
	}
}

// isMiss tells whether something was loaded for the call: the entry itself, or
// what led to it, such as the id behind a slug. Only a call that was noted as a
// miss on its way can be the latter, so that plain hits need no look, which takes
// a lock, at their statements.
func isMiss(rec *obs.Request, s cache.Served) bool {
	if s.Layer == cache.Loaded {
		return true
	}
	if s.Stale == cache.Unverifiable || rec.Outcome() != obs.Miss {
		return false
	}
	_, statements := rec.DBTime()
	return statements > 0
}

// ttlTexts are the values of X-Cache-TTL and of a hit's Cache-Status.
func ttlTexts(left time.Duration) (seconds, status []string) {
	n := max(0, int(left/time.Second))
	if n < len(ttls) {
		return ttls[n].seconds[:], ttls[n].status[:]
	}
	t := newTTL(n)
	return t.seconds[:], t.status[:]
}

// ttl is a number of seconds as header values.
type ttl struct{ seconds, status [1]string }

func newTTL(n int) *ttl {
	text := strconv.Itoa(n)
	return &ttl{[1]string{text}, [1]string{cacheName + "; hit; ttl=" + text}}
}

// ttls are made once, up to the hour that the longest public read is fresh.
var ttls = func() (all [int(time.Hour/time.Second) + 1]ttl) {
	for n := range all {
		all[n] = *newTTL(n)
	}
	return all
}()
