package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

type calendarLink struct {
	Calendar string `path:"calendar" maxLength:"100" doc:"The last part of the path that adminReadCalendarLink gives." example:"fleet.Jq3v0m5n2b7c9x1z8k4l6h.ics"`
}

func (a *api) readCalendar(ctx context.Context, in *calendarLink) (*raw, error) {
	feed, err := a.Rental.Calendar(ctx, in.Calendar)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(feed)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return rawOf(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "private, no-cache") // whoever keeps it asks before it is shown again
		if httpx.HasTag(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Disposition", `inline; filename="bookings.ics"`)
		writeBytes(w, "text/calendar; charset=utf-8", feed)
	}), nil
}

func (a *api) adminReadCalendarLink(ctx context.Context, in *parameters) (*answer[rental.CalendarLink], error) {
	id, err := ofCar(in)
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.CalendarLink(ctx, actorOf(ctx), id))
}

func (a *api) adminRenewCalendar(ctx context.Context, in *parameters) (*answer[rental.CalendarLink], error) {
	id, err := ofCar(in)
	if err != nil {
		return nil, err
	}
	return answerOf(a.Rental.RenewCalendar(ctx, actorOf(ctx), id))
}

// ofCar is the car that is asked about, "" for the fleet.
func ofCar(in *parameters) (string, error) {
	id := in.values.Get("carId")
	if id != "" && !exodrive.IsCarRef(id) {
		return "", exodrive.Errorf(exodrive.Invalid, "carId is an id or a slug, such as car_01kas0f3m2x7h9tq or ferrari-296-gtb.").On("carId")
	}
	return id, nil
}

func calendarOfParam() *huma.Param {
	return query("carId", "Of this car, by id or slug; none: of the fleet.", text(100), nil)
}
