package httpx

import (
	"net/http"

	"github.com/exodrive/exodrive/cache"
)

// TellParts says of an answer that shows one read or several where they are from,
// as WriteEntry does of one: in the record of the request, and so in X-Cache, and in
// X-Cache-TTL and Cache-Status. The whole is as its worst part: loaded if one was,
// fresh for as long as all are, unverified if one is. It comes before the answer
// begins; without parts it does nothing. The caller says what may be kept.
func TellParts(w http.ResponseWriter, r *http.Request, parts ...cache.Served) {
	if len(parts) == 0 {
		return
	}
	whole := parts[0]
	for _, p := range parts[1:] {
		if p.Layer == cache.Loaded {
			whole.Layer = cache.Loaded
		}
		whole.Stale = max(whole.Stale, p.Stale)
		whole.Left, whole.Cost = min(whole.Left, p.Left), max(whole.Cost, p.Cost)
	}
	tellOrigin(w, r, whole)
}
