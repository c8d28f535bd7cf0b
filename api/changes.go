package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
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

// deskEdit is an edit of a booking whose version staff has seen.
type deskEdit[T any] struct {
	ID      string `path:"bookingId" doc:"Id of the booking." example:"bkg_01kas0f3m2x7h9tq"`
	IfMatch string `header:"If-Match" doc:"The version that was read, or * for any." example:"\"v3\""`
	Body    entered[T]
}

func recordAnswer(r *rental.BookingRecord, err error) (*versioned[rental.BookingRecord], error) {
	if err != nil {
		return nil, err
	}
	return &versioned[rental.BookingRecord]{ETag: httpx.VersionTag(r.Version), Body: r}, nil
}

func (a *api) adminChangeBooking(ctx context.Context, in *deskEdit[rental.StaffChange]) (*versioned[rental.BookingRecord], error) {
	version, err := httpx.ParseIfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return recordAnswer(a.Rental.ChangeForRenter(ctx, actorOf(ctx), in.ID, version, in.Body.value))
}

func (a *api) adminSwapCar(ctx context.Context, in *deskEdit[rental.Swap]) (*versioned[rental.BookingRecord], error) {
	version, err := httpx.ParseIfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return recordAnswer(a.Rental.SwapCar(ctx, actorOf(ctx), in.ID, version, in.Body.value))
}

type renewRequest struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept with the booking." example:"The renter forwarded the mail."`
}

func (a *api) adminRenewLink(ctx context.Context, in *deskBody[renewRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.RenewLink(ctx, actorOf(ctx), in.ID, in.Body.value.Reason))
}

func exampleStaffChange() rental.StaffChange {
	return rental.StaffChange{
		TripChange: exampleTripChange(), Reason: "The flight of the renter is late.",
		Leave: exodrive.Leave{Waive: []exodrive.Waiver{exodrive.WaiveMinimum}, Price: exodrive.PriceKept},
	}
}

func exampleSwap() rental.Swap {
	return rental.Swap{CarID: "ferrari-portofino-m", Reason: "The other car has a puncture."}
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
