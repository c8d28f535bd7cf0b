package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

type tripChangeBody struct {
	Token string `path:"token" maxLength:"100" doc:"What the booking was answered with." example:"bkg_01kas0f3m2x7h9tq.Jq3v0m5n2b7c9x1z8k4l6h"`
	Body  entered[exodrive.TripChange]
}

func (a *api) quoteChange(ctx context.Context, in *tripChangeBody) (*answer[exodrive.SignedChange], error) {
	return answerOf(a.Rental.QuoteChange(ctx, in.Token, in.Body.value))
}

type changeBody struct {
	Token string `path:"token" maxLength:"100" doc:"What the booking was answered with." example:"bkg_01kas0f3m2x7h9tq.Jq3v0m5n2b7c9x1z8k4l6h"`
	Key   string `header:"Idempotency-Key" maxLength:"200" doc:"A text of your own, new for each change: a call that is sent again with it changes nothing more." example:"0c9e7d52-4f2a-4a8e-8f0b-2b1f6d0e9a77"`
	Body  entered[rental.ChangeRequest]
}

func (a *api) changeBooking(ctx context.Context, in *changeBody) (*answer[rental.BookingView], error) {
	return answerOf(a.Rental.ChangeBooking(ctx, in.Token, in.Body.value, rental.Call{Key: in.Key, Route: "POST /api/bookings/{token}/change"}))
}

func exampleTripChange() exodrive.TripChange {
	return exodrive.TripChange{Extras: []exodrive.ExtraRequest{}, ReturnTime: clock("12:00")}
}

func exampleChange() rental.ChangeRequest {
	return rental.ChangeRequest{TripChange: exampleTripChange()}
}

// clock is a time of an example.
func clock(s string) *exodrive.Clock {
	c, err := exodrive.ParseClock(s)
	if err != nil {
		panic(err)
	}
	return &c
}
