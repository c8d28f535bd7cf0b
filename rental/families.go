package rental

import (
	"context"
	"errors"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
)

// reads are the families of public reads: how each is named in a cache, what it
// depends on, how long it keeps, and how it is loaded. Keys and times are the
// performance guide's; docs/cache.md has them as a table, which a test compares
// with this one. Which change of which table raises which tag is said in
// the migrations (00003_cache).
type reads struct {
	list, listOnDates *cache.Family[exodrive.CarQuery, *exodrive.CarPage]
	details           *cache.Family[string, *exodrive.CarDetails]
	slug              *cache.Family[string, string]
	availability      *cache.Family[calendarOf, *exodrive.Availability]
	reviews           *cache.Family[reviewsOf, *exodrive.ReviewPage]
	counts            *cache.Family[struct{}, *exodrive.FleetCounts]
	offerReads
	figureReads
	known  *known
	sketch *cache.Family[struct{}, *exodrive.FleetSketch]
}

// calendarOf and reviewsOf are questions about one car.
type (
	calendarOf struct {
		carID string
		ask   exodrive.AvailabilityQuery
	}
	reviewsOf struct {
		carID string
		page  exodrive.PageQuery
	}
)

// Tags of what is not about one car.
const (
	carsTag         = "cars"
	availabilityTag = "availability"
	// everyCarTag is the wildcard of the cars: what counts for a trip with any of them
	// raises it, such as a place or an extra, and the change of one car does not.
	everyCarTag = "car:*"
)

// staleWindow is how long an answer may be shown while it is loaded anew. What
// tells whether a car is free is never shown stale.
const staleWindow = 24 * time.Hour

// read answers through the cache, with a sentence for what the cache itself may
// fail with.
func read[K, V any](ctx context.Context, f *cache.Family[K, V], k K) (cache.Answer[V], error) {
	ctx, span := obs.StartSpan(ctx, "cache", f.Name)
	a, err := f.Read(ctx, k)
	if span != (obs.Span{}) {
		span.Set("exodrive.layer", layers[a.Layer])
		if exodrive.CodeOf(err) == exodrive.NotFound {
			span.End(nil) // that is an answer
		} else {
			span.End(err)
		}
	}
	switch {
	case errors.Is(err, cache.ErrBusy):
		err = exodrive.Errorf(exodrive.Unavailable, "Too many callers wait for an answer just now; try again in a moment.").Because(err)
	case errors.Is(err, cache.ErrStale), errors.Is(err, context.DeadlineExceeded):
		err = exodrive.Errorf(exodrive.Unavailable, "The database does not answer just now; try again in a moment.").Because(err)
	}
	return a, err
}

// layers are the words for where an answer came from.
var layers = [...]string{cache.Loaded: "database", cache.Memory: "memory", cache.Far: "redis"}

func newReads(c *cache.Cache, s *Service) reads {
	absent := func(err error) bool { return exodrive.CodeOf(err) == exodrive.NotFound }
	itself := func(ref string) string { return ref }
	there := newKnown(c, s.store)
	return reads{
		known: there,
		list: cache.Register(c, cache.Family[exodrive.CarQuery, *exodrive.CarPage]{
			Name: "list", Key: exodrive.CarQuery.Key, Load: s.loadCars,
			Tags:  func(exodrive.CarQuery) []string { return []string{carsTag} },
			Fresh: time.Hour, Stale: staleWindow,
		}),
		listOnDates: cache.Register(c, cache.Family[exodrive.CarQuery, *exodrive.CarPage]{
			Name: "list-on-dates", Key: exodrive.CarQuery.Key, Load: s.loadCarsOnDates,
			Tags:  func(exodrive.CarQuery) []string { return []string{carsTag, availabilityTag} },
			Fresh: time.Hour,
		}),
		details: cache.Register(c, cache.Family[string, *exodrive.CarDetails]{
			Name: "details", Key: func(id string) string { return "cars:details:" + id }, Absent: absent,
			Load:  ofKnown(there, itself, s.store.CarDetails),
			Tags:  func(id string) []string { return []string{"car:" + id} },
			Fresh: 30 * time.Minute, Stale: staleWindow,
		}),
		slug: cache.Register(c, cache.Family[string, string]{
			Name: "slug", Key: func(slug string) string { return "cars:slug:" + slug }, Absent: absent,
			Load:  ofKnown(there, itself, s.store.CarIDBySlug),
			Tags:  func(slug string) []string { return []string{"slug:" + slug} },
			Fresh: 30 * time.Minute, Stale: staleWindow,
		}),
		availability: cache.Register(c, cache.Family[calendarOf, *exodrive.Availability]{
			Name: "availability", Key: func(k calendarOf) string { return k.ask.Key(k.carID) }, Absent: absent,
			Load:  ofKnown(there, func(k calendarOf) string { return k.carID }, s.loadAvailability),
			Tags:  func(k calendarOf) []string { return []string{"availability:" + k.carID, "car:" + k.carID} },
			Fresh: 5 * time.Minute,
		}),
		reviews: cache.Register(c, cache.Family[reviewsOf, *exodrive.ReviewPage]{
			Name: "reviews", Key: func(k reviewsOf) string { return k.page.ReviewsKey(k.carID) }, Absent: absent,
			Load: ofKnown(there, func(k reviewsOf) string { return k.carID }, func(ctx context.Context, k reviewsOf) (*exodrive.ReviewPage, error) {
				return s.store.Reviews(ctx, k.carID, k.page)
			}),
			Tags:  func(k reviewsOf) []string { return []string{"reviews:" + k.carID} },
			Fresh: time.Hour, Stale: staleWindow,
		}),
		counts: cache.Register(c, cache.Family[struct{}, *exodrive.FleetCounts]{
			Name: "counts", Key: func(struct{}) string { return "fleet:counts" },
			Load:  func(ctx context.Context, _ struct{}) (*exodrive.FleetCounts, error) { return s.loadFleetCounts(ctx) },
			Tags:  func(struct{}) []string { return []string{carsTag, availabilityTag} },
			Fresh: time.Hour, Stale: staleWindow,
		}),
		sketch: cache.Register(c, cache.Family[struct{}, *exodrive.FleetSketch]{
			Name: "sketch", Key: func(struct{}) string { return "fleet:sketch" },
			Load: func(ctx context.Context, _ struct{}) (*exodrive.FleetSketch, error) { return s.store.FleetSketch(ctx) },
			Tags: func(struct{}) []string { return []string{carsTag} },
			// Whatever is composed of it ends with it at the latest, and it has nothing that
			// time alone makes wrong.
			Fresh: 7 * 24 * time.Hour,
		}),
		offerReads:  newOfferReads(c, s),
		figureReads: newFigureReads(c, s),
	}
}

// offerReads are the families of what a trip with any car may have.
type offerReads struct {
	places *cache.Family[exodrive.PageQuery, *exodrive.PlacePage]
	extras *cache.Family[exodrive.PageQuery, *exodrive.ExtraPage]
}

func newOfferReads(c *cache.Cache, s *Service) offerReads {
	tags := func(exodrive.PageQuery) []string { return []string{everyCarTag} }
	return offerReads{
		places: cache.Register(c, cache.Family[exodrive.PageQuery, *exodrive.PlacePage]{
			Name: "places", Key: exodrive.PageQuery.PlacesKey,
			Load: func(ctx context.Context, page exodrive.PageQuery) (*exodrive.PlacePage, error) {
				return s.store.PublicPlaces(ctx, page, s.currency)
			},
			Tags: tags, Fresh: time.Hour, Stale: staleWindow,
		}),
		extras: cache.Register(c, cache.Family[exodrive.PageQuery, *exodrive.ExtraPage]{
			Name: "extras", Key: exodrive.PageQuery.ExtrasKey,
			Load: func(ctx context.Context, page exodrive.PageQuery) (*exodrive.ExtraPage, error) {
				return s.store.PublicExtras(ctx, page, s.currency)
			},
			Tags: tags, Fresh: time.Hour, Stale: staleWindow,
		}),
	}
}
