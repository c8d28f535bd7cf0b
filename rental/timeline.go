package rental

import (
	"context"

	"github.com/exodrive/exodrive"
)

// Timeline is what is taken of the calendars of all cars, a page of them at a time.
func (s *Service) Timeline(ctx context.Context, who exodrive.Actor, ask exodrive.TimelineQuery) (*exodrive.Timeline, error) {
	if err := who.May(exodrive.ScopeRead); err != nil {
		return nil, err
	}
	return s.store.Timeline(ctx, ask)
}
