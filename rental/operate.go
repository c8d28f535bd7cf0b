package rental

import (
	"context"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/sqlstore"
)

// CacheStats are the figures of this node's cache.
func (s *Service) CacheStats(_ context.Context, who exodrive.Actor) (cache.Stats, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return cache.Stats{}, err
	}
	return s.cache.Stats(), nil
}

// History is what happened on this node in the last minutes, at most 60.
func (s *Service) History(_ context.Context, who exodrive.Actor, minutes int) (obs.Window, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return obs.Window{}, err
	}
	return s.history.Last(minutes), nil
}

// checkTag refuses what no answer depends on: clearing it would do nothing.
func checkTag(tag string) error {
	kind, of, one := strings.Cut(tag, ":")
	switch kind {
	case "cars":
		if !one {
			return nil
		}
	case "availability", "car", "reviews":
		if one && (of == "*" || exodrive.IsID(exodrive.CarID, of)) || !one && kind == "availability" {
			return nil
		}
	case "slug":
		if of != "" {
			return nil
		}
	}
	return exodrive.Errorf(exodrive.Invalid, "No answer depends on this tag; write cars, availability, car:ID, availability:ID, reviews:ID, slug:SLUG, or * for all of a kind, as car:*.").On("tag")
}

// ClearCache makes what all nodes have cached worthless: the answers that depend
// on a tag, such as car:car_…, car:* or cars, or with "" all of them. Nobody ever
// has to; it is for what was changed past the triggers of the database.
func (s *Service) ClearCache(ctx context.Context, who exodrive.Actor, tag string) error {
	if err := checkTag(tag); err != nil && tag != "" {
		return err
	}
	err := s.change(ctx, who, exodrive.ScopeOperate, "cache.clear", func(tx *sqlstore.Tx) (string, any, error) {
		if tag == "" {
			return "", struct{}{}, nil
		}
		return tag, struct{}{}, tx.Raise(ctx, tag)
	})
	if err != nil || tag != "" {
		return err
	}
	return s.cache.Clear(ctx)
}
