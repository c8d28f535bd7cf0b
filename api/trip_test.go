package api_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/exodrive/exodrive"
)

// Whoever fills in a trip learns from two public reads where it may begin and end and what
// may be taken with it, and what that costs: with those ids a quote is made at those
// prices. What staff changes of it shows at once, and the change of a car touches neither.
//
// Red when: extras that are not offered are shown; an amount is another than the quote's;
// the reads have no tag, or one that every change of a car raises.
func TestFromPlacesAndExtrasToAQuote(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.cache.Rest()
		car := read[exodrive.CarDetails](t, "the car", s.do(call{method: "GET", path: ferrari}), 200)
		places := read[exodrive.PlacePage](t, "the places", s.do(call{method: "GET", path: "/api/locations"}), 200)
		offered := read[exodrive.ExtraPage](t, "the extras", s.do(call{method: "GET", path: "/api/extras"}), 200)
		home := slices.IndexFunc(places.Locations, func(p exodrive.PublicPlace) bool { return p.ID == car.Location.ID })
		if home < 0 || len(places.Locations[home].OneWays) == 0 || places.Pagination.Total != len(places.Locations) || len(offered.Extras) == 0 {
			t.Fatalf("places %+v, extras %+v", places, offered)
		}
		from, extra := places.Locations[home], offered.Extras[0]
		if from.PlaceRef != car.Location || from.Place != car.Place {
			t.Errorf("the place is %+v, and %+v in the car", from, car.Place)
		}
		way := from.OneWays[0]
		quote := read[exodrive.Quote](t, "the quote", s.post(t, "/api/quotes", members{
			"carId": car.ID, "startDate": "2027-06-07", "endDate": "2027-06-11", "pickupLocation": from.ID, "returnLocation": way.To,
			"extras": []members{{"id": extra.ID, "quantity": 1}},
		}), 200)
		want := extra.Price.Amount
		if extra.PerDay {
			want *= 4
		}
		for kind, amount := range map[exodrive.LineKind]int64{exodrive.LineExtra: want, exodrive.LineOneWay: way.Fee.Amount} {
			i := slices.IndexFunc(quote.Lines, func(l exodrive.Line) bool { return l.Kind == kind })
			if i < 0 && amount > 0 || i >= 0 && quote.Lines[i].Amount.Amount != amount {
				t.Errorf("the quote has no line %s of %d: %+v", kind, amount, quote.Lines)
			}
		}

		for _, path := range []string{"/api/locations", "/api/extras"} {
			s.admin(t, "POST", "/api/admin/cars/bulk", fmt.Sprintf(`{"ids":[%q],"priceChangePercent":10}`, car.ID))
			if got := s.outcome(t, path); got != "HIT" {
				t.Errorf("after the change of a car %s is a %s", path, got)
			}
		}
		s.admin(t, "POST", "/api/admin/extras", `{"name":"A rack","price":1500}`)
		s.admin(t, "POST", "/api/admin/extras", `{"name":"A sledge","price":1500,"active":false}`)
		now := read[exodrive.ExtraPage](t, "the extras", s.do(call{method: "GET", path: "/api/extras"}), 200)
		names := []string{}
		for _, x := range now.Extras {
			names = append(names, x.Name)
		}
		if len(names) != len(offered.Extras)+1 || !slices.Contains(names, "A rack") || !slices.IsSorted(names) || slices.Contains(names, "A sledge") {
			t.Errorf("the extras are then %q", names)
		}
		if rec := s.do(call{method: "GET", path: "/api/extras?limit=2&page=2"}); len(read[exodrive.ExtraPage](t, "a page", rec, 200).Extras) != 2 {
			t.Errorf("the second page is %s", rec.Body)
		}
		problem(t, "a page of none", s.do(call{method: "GET", path: "/api/locations?limit=0"}), 400, "invalid")
	})
}
