package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

func (a *api) adminReadBooking(ctx context.Context, in *bookingID) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.BookingRecord(ctx, actorOf(ctx), in.ID))
}

// deskBody is what staff does to a booking.
type deskBody[T any] struct {
	ID   string `path:"bookingId" doc:"Id of the booking." example:"bkg_01kas0f3m2x7h9tq"`
	Body entered[T]
}

func (a *api) adminHandOver(ctx context.Context, in *deskBody[rental.HandOverRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.HandOver(ctx, actorOf(ctx), in.ID, in.Body.value))
}

func (a *api) adminCorrectHandOver(ctx context.Context, in *deskBody[rental.CorrectionRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.CorrectHandOver(ctx, actorOf(ctx), in.ID, in.Body.value))
}

func (a *api) adminTakeBack(ctx context.Context, in *deskBody[rental.TakeBackRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.TakeBack(ctx, actorOf(ctx), in.ID, in.Body.value))
}

type deskRequest struct {
	Reason string `json:"reason,omitempty" required:"false" maxLength:"500" doc:"Kept with the booking."`
}

func (a *api) adminCompleteBooking(ctx context.Context, in *deskBody[deskRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.CompleteBooking(ctx, actorOf(ctx), in.ID, in.Body.value.Reason))
}

func (a *api) adminMissPickup(ctx context.Context, in *deskBody[deskRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.MissPickup(ctx, actorOf(ctx), in.ID, in.Body.value.Reason))
}

// moneyBody is what staff does to the money of a booking, which needs a key.
type moneyBody[T any] struct {
	ID   string `path:"bookingId" doc:"Id of the booking." example:"bkg_01kas0f3m2x7h9tq"`
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"A text of your own, new for each move: a call that is sent again with it changes nothing more." example:"0f7c1b9e-52a4-4a86-8a0c-3c1d9be0a6f2"`
	Body entered[T]
}

func (a *api) adminRecordMoney(ctx context.Context, in *moneyBody[rental.MoneyRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.RecordMoney(ctx, actorOf(ctx), in.ID, in.Body.value, rental.Call{Key: in.Key, Route: "POST /api/admin/bookings/money"}))
}

func (a *api) adminAddCharge(ctx context.Context, in *moneyBody[rental.ChargeRequest]) (*versioned[rental.BookingRecord], error) {
	return recordAnswer(a.Rental.AddCharge(ctx, actorOf(ctx), in.ID, in.Body.value, rental.Call{Key: in.Key, Route: "POST /api/admin/bookings/charges"}))
}

func exampleHandOver() rental.HandOverRequest {
	return rental.HandOverRequest{Odometer: 40_000, Fuel: 8, Note: "A scratch on the left door, shown to the renter.",
		Waive: []exodrive.HandOverCheck{exodrive.CheckOdometer, exodrive.CheckPayment, exodrive.CheckDeposit}, Reason: "It was lent to another house, which pays."}
}

func exampleCorrection() rental.CorrectionRequest {
	return rental.CorrectionRequest{Odometer: 39_400, Fuel: 7, Reason: "Two digits were swapped; the photograph shows it."}
}

func exampleTakeBack() rental.TakeBackRequest {
	return rental.TakeBackRequest{Odometer: 40_560, Fuel: 6, Charges: []exodrive.ChargeInput{{Label: "Cleaning", Amount: 150_00}}}
}

func exampleMoney() rental.MoneyRequest {
	return rental.MoneyRequest{Action: exodrive.TakePayment, Amount: 500_00, Reference: "receipt-2027-0412"}
}

func exampleCharge() rental.ChargeRequest {
	return rental.ChargeRequest{ChargeInput: exodrive.ChargeInput{Label: "A night in the car park", Amount: 80_00}, Note: "The receipt is in the folder."}
}
