package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
)

func (a *api) adminReadTimeline(ctx context.Context, in *parameters) (*raw, error) {
	ask, err := exodrive.ParseTimelineQuery(in.values, a.Rental.Limits())
	if err != nil {
		return nil, err
	}
	t, err := a.Rental.Timeline(ctx, actorOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	return bytesOf("application/json", t.AppendJSON(nil)), nil
}

func timelineParams() []*huma.Param {
	return append(rangeParams(), query("page", "Which page of the cars.", whole(1, exodrive.DefaultLimits.Page, 1), 1),
		query("limit", "Cars of a page.", whole(1, exodrive.TimelineCars, exodrive.TimelineCars), exodrive.TimelineCars))
}
