package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// exportPatience is how long a reader of an export may take for one batch of it.
const exportPatience = 60 * time.Second

// adminExportBookings writes batch by batch: what is in memory is one batch, and while a
// reader is slow no statement waits for him. One who goes away ends the statement that
// runs and is asked for no other.
func (a *api) adminExportBookings(ctx context.Context, in *parameters) (*raw, error) {
	ask, err := exodrive.ParseBookingQuery(in.values)
	if err != nil {
		return nil, err
	}
	rows, err := a.Rental.ExportBookings(ctx, actorOf(ctx), ask, nil)
	if err != nil {
		return nil, err
	}
	return rawOf(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", csvType)
		w.Header().Set("Content-Disposition", `attachment; filename="bookings.csv"`)
		out, control := csv.NewWriter(w), http.NewResponseController(w)
		out.UseCRLF = true // RFC 4180
		_ = out.Write(exportColumns)
		for len(rows) > 0 {
			// Without a deadline the server's own would end a long export.
			_ = control.SetWriteDeadline(time.Now().Add(exportPatience))
			for i := range rows {
				_ = out.Write(exportRow(&rows[i]))
			}
			out.Flush()
			if out.Error() != nil {
				panic(http.ErrAbortHandler) // the reader has gone, or takes too long
			}
			_ = control.Flush()
			if rows, err = a.Rental.ExportBookings(ctx, actorOf(ctx), ask, &rows[len(rows)-1].BookingRow); err != nil {
				httpx.Cut(w, r, err)
				return
			}
		}
		out.Flush()
	}), nil
}

const csvType = "text/csv; charset=utf-8; header=present"

var exportColumns = []string{
	"id", "state", "createdAt", "carId", "car", "customerId", "firstName", "lastName", "email", "phone",
	"firstDay", "lastDay", "days", "pickupAt", "returnAt", "total", "currency",
	"pickupLocation", "returnLocation", "owed", "paid", "due", "giveBack",
}

func exportRow(b *exodrive.ExportedBooking) []string {
	return []string{
		b.ID, string(b.State), b.CreatedAt.Format(time.RFC3339), b.CarID, cell(b.CarName), b.CustomerID,
		cell(b.Customer.FirstName), cell(b.Customer.LastName), cell(b.Customer.Email), cell(b.Customer.Phone),
		b.FirstDay.String(), b.LastDay.String(), strconv.Itoa(b.Days), b.PickupAt, b.ReturnAt,
		b.Total.Decimal(), string(b.Total.Currency),
		cell(b.Pickup.Name), cell(b.Return.Name), b.Account.Owed.Decimal(), b.Account.Paid.Decimal(), b.Account.Due.Decimal(), b.Account.GiveBack.Decimal(),
	}
}

// cell is a text that somebody entered, as a spreadsheet shows it and does not run it: what
// could begin a formula stands behind an apostrophe, also after what separates cells where
// the comma does not.
func cell(s string) string {
	var out strings.Builder
	begins := true
	for _, r := range s {
		if begins && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r) {
			out.WriteByte('\'')
		}
		out.WriteRune(r)
		begins = r == ';' || r == '\t' || begins && r == '"' // a cell may be quoted
	}
	return out.String()
}
