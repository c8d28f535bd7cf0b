package rental

import (
	"context"

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

// ClearCache makes what all nodes have cached worthless: the answers that depend
// on a tag, such as car:car_…, car:* or cars, or with "" all of them. Nobody ever
// has to; it is for what was changed past the triggers of the database.
func (s *Service) ClearCache(ctx context.Context, who exodrive.Actor, tag string) error {
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
