package api

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive/obs"
)

// MetricsWindow is what happened on one node in the last minutes.
type MetricsWindow struct {
	From            time.Time `json:"from"`
	To              time.Time `json:"to" doc:"End of the last step."`
	StepSeconds     int       `json:"stepSeconds" doc:"How long a step takes."`
	PercentileError float64   `json:"percentileError" doc:"The most that a percentile differs from the true one, as a share of it, from a microsecond to a minute."`
	Figures         []Figure  `json:"figures"`
}

// Figure is one curve and what the performance guide asks of it.
type Figure struct {
	Name   string  `json:"name" doc:"What it is: requests, errors, answerP95, statementP95, routeRequests, routeP95, routeErrors, hitRatio, poolInUse and so on."`
	Of     string  `json:"of,omitempty" doc:"Which one of that name: a kind of answer, a route, a family of the cache, a pool."`
	Unit   string  `json:"unit" enum:"ms,s,bytes,1/s,share,number"`
	Value  value   `json:"value" doc:"Of the whole window; null when nothing is known."`
	Target *Target `json:"target,omitempty"`
	Met    *bool   `json:"met,omitempty" doc:"Whether the target is met; left out without one, or when there was too little to judge."`
	Steps  []value `json:"steps" doc:"A value for each step, oldest first; null where nothing happened."`
}

// Target is one bound of a figure.
type Target struct {
	AtMost  *float64 `json:"atMost,omitempty"`
	AtLeast *float64 `json:"atLeast,omitempty"`
}

// value is a number with four digits that count, or null.
type value float64

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	f := float64(v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	if math.Abs(f) >= 1e4 { // whole numbers, without an exponent
		return strconv.AppendFloat(nil, f, 'f', 0, 64), nil
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 4, 64), 64)
	return strconv.AppendFloat(nil, short, 'f', -1, 64), err
}

// Schema says that there may be none.
func (value) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Format: "double", Nullable: true}
}

// whichMinutes is how far an operator looks back.
type whichMinutes struct {
	Minutes int `query:"minutes" minimum:"1" maximum:"60" default:"15" doc:"How far to look back, the minute under way included." example:"15"`
}

func (a *api) adminReadMetrics(ctx context.Context, in *whichMinutes) (*answer[MetricsWindow], error) {
	window, err := a.Rental.History(ctx, actorOf(ctx), in.Minutes)
	if err != nil {
		return nil, err
	}
	out := MetricsWindow{
		From: window.From.UTC(), To: window.To.UTC(), Figures: make([]Figure, len(window.Curves)),
		StepSeconds: int(obs.Step / time.Second), PercentileError: obs.PercentileError,
	}
	for i, c := range window.Curves {
		f := Figure{Name: c.Name, Of: c.Of, Unit: string(c.Unit), Value: value(c.Value), Met: c.Met, Steps: make([]value, len(c.Steps))}
		for at, v := range c.Steps {
			f.Steps[at] = value(v)
		}
		if t := c.Target; t != nil && t.Least != 0 {
			f.Target = &Target{AtLeast: &t.Least}
		} else if t != nil {
			f.Target = &Target{AtMost: &t.Most}
		}
		out.Figures[i] = f
	}
	return &answer[MetricsWindow]{&out}, nil
}
