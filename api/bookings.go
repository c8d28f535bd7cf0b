package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// open adds an operation that anybody may call, at the rate of a policy. Staff sends
// its token along. Its answers are for one caller.
func open[I, O any](a *api, row operation, policy string, handler func(context.Context, *I) (*O, error)) {
	op := row.Operation
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if op.Method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	op.Metadata = map[string]any{limitOf: policy, personal: true}
	op.Security = []map[string][]string{{}, {"token": {}}}
	op.MaxBodyBytes = a.bodyLimit()
	huma.Register(a.huma, op, handler)
}

type quoteBody struct{ Body entered[exodrive.TripRequest] }

func (a *api) quote(ctx context.Context, in *quoteBody) (*answer[exodrive.SignedQuote], error) {
	return answerOf(a.Rental.Quote(ctx, in.Body.value))
}

type bookingBody struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"A random text of your own, such as a UUID, new for each booking: a call that is sent again with it is answered by the booking it made. Callers without a token share one space of keys, so a key that can be guessed is answered to whoever also knows the whole body." example:"5f1c2e0a-7d0b-4f6e-9b53-0e6c8a1d2f34"`
	Body entered[rental.BookRequest]
}

// made is the answer to a booking that was made.
type made struct {
	Location string `header:"Location" doc:"Address of the booking."`
	Body     *rental.BookingView
}

func (a *api) book(ctx context.Context, in *bookingBody) (*made, error) {
	b, err := a.Rental.Book(ctx, actorOf(ctx), in.Body.value, rental.Call{Key: in.Key, Route: "POST /api/bookings", Address: a.addressOf(ctx)})
	if err != nil {
		return nil, err
	}
	return &made{"/api/bookings/" + b.Token, b}, nil
}

type bookingLink struct {
	Token string `path:"token" maxLength:"100" doc:"What the booking was answered with." example:"bkg_01kas0f3m2x7h9tq.Jq3v0m5n2b7c9x1z8k4l6h"`
}

func (a *api) readBooking(ctx context.Context, in *bookingLink) (*answer[rental.BookingView], error) {
	return answerOf(a.Rental.Booking(ctx, in.Token))
}

func (a *api) cancelBooking(ctx context.Context, in *bookingLink) (*answer[rental.BookingView], error) {
	return answerOf(a.Rental.CancelBooking(ctx, in.Token))
}

type bookingID struct {
	ID string `path:"bookingId" doc:"Id of the booking." example:"bkg_01kas0f3m2x7h9tq"`
}

func (a *api) adminConfirmBooking(ctx context.Context, in *bookingID) (*answer[rental.BookingView], error) {
	return answerOf(a.Rental.ConfirmBooking(ctx, actorOf(ctx), in.ID))
}

type cancelRequest struct {
	Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept with the booking." example:"The car is in the workshop."`
	AtTerms bool   `json:"atTerms,omitempty" required:"false" doc:"The renter asked for it: what the terms say is kept. Else cancelling costs nothing."`
}

type cancelBody struct {
	ID   string `path:"bookingId" doc:"Id of the booking." example:"bkg_01kas0f3m2x7h9tq"`
	Body entered[cancelRequest]
}

func (a *api) adminCancelBooking(ctx context.Context, in *cancelBody) (*answer[rental.BookingView], error) {
	cancel := a.Rental.CancelForRenter
	if in.Body.value.AtTerms {
		cancel = a.Rental.CancelAtTerms
	}
	return answerOf(cancel(ctx, actorOf(ctx), in.ID, in.Body.value.Reason))
}

func (a *api) adminListBookings(ctx context.Context, in *parameters) (*answer[list[exodrive.BookingRow]], error) {
	ask, err := exodrive.ParseBookingQuery(in.values)
	if err != nil {
		return nil, err
	}
	return readPage(a, in, func(p exodrive.PageQuery) ([]exodrive.BookingRow, int, error) {
		return a.Rental.Bookings(ctx, actorOf(ctx), ask, p)
	})
}

// bookingParams describe what a list of bookings may be asked for.
func bookingParams() []*huma.Param {
	return append(bookingFilters(), pageParams(defaultAdminPage)...)
}

func bookingFilters() []*huma.Param {
	return []*huma.Param{
		several("state", "Only bookings in one of these states", words(exodrive.BookingStates), "held", "confirmed"),
		query("carId", "Only bookings of this car, by id or slug.", text(100), nil),
		query("customerId", "Only bookings of this customer.", text(100), nil),
		query("email", "Only bookings with this e-mail address, in any case.", text(254), nil),
		query("startDate", "Only bookings with a rental day on this day or later.", day(), nil),
		query("endDate", "Only bookings with a rental day on this day or earlier.", day(), nil),
		personSearch("bookings"),
	}
}

// addressOf is who calls, as rate limits count addresses; nobody where there are none.
func (a *api) addressOf(ctx context.Context) string {
	if a.Limiter == nil {
		return ""
	}
	address, _ := ctx.Value(addressKey).(string)
	return address
}

func exampleTrip() exodrive.TripRequest { return tripIn("2027-06-01", "2027-06-05") }

func tripIn(start, end string) exodrive.TripRequest {
	return exodrive.TripRequest{CarID: "ferrari-296-gtb", StartDate: exodrive.MustDate(start), EndDate: exodrive.MustDate(end)}
}

func exampleBooking() rental.BookRequest {
	return rental.BookRequest{TripRequest: tripIn("2027-05-01", "2027-05-05"), Customer: exodrive.Contact{FirstName: "Maria", LastName: "Keller", Email: "maria@example.com", Phone: "+1 305 555 0142"}}
}
