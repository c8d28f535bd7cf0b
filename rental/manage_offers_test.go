package rental_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
)

// kind is one kind of offer in the form that all four share.
type kind struct {
	create func(name string) (id string, v any, err error)
	edit   func(id string, version int64, name string) (any, error)
	remove func(id string) error
	// list are the offers by id, and what each has as its name.
	list func() (byID map[string]any, names []string, err error)
	bad  func() error // create one with a fault
}

// kindOf makes a kind of the use-cases of one noun. input is a right offer of a
// name, bad a wrong one.
func kindOf[In, V any](
	ctx context.Context, who exodrive.Actor,
	list func(context.Context, exodrive.Actor, exodrive.PageQuery) ([]V, int, error),
	create func(context.Context, exodrive.Actor, In) (*V, error),
	edit func(context.Context, exodrive.Actor, string, int64, In) (*V, error),
	remove func(context.Context, exodrive.Actor, string) error,
	of func(V) (id, name string), input func(name string) In, bad In,
) kind {
	return kind{
		create: func(name string) (string, any, error) {
			v, err := create(ctx, who, input(name))
			if err != nil {
				return "", nil, err
			}
			id, _ := of(*v)
			return id, *v, nil
		},
		edit: func(id string, version int64, name string) (any, error) {
			v, err := edit(ctx, who, id, version, input(name))
			if err != nil {
				return nil, err
			}
			return *v, nil
		},
		remove: func(id string) error { return remove(ctx, who, id) },
		list: func() (map[string]any, []string, error) {
			items, _, err := list(ctx, who, firstPage)
			byID, names := map[string]any{}, []string{}
			for _, v := range items {
				id, name := of(v)
				byID[id], names = v, append(names, name)
			}
			return byID, names, err
		},
		bad: func() error { return second(create(ctx, who, bad)) },
	}
}

func newLocation(name string) exodrive.LocationInput {
	return exodrive.LocationInput{
		Name: name, City: "San Diego", Country: "US", Zone: "America/Los_Angeles", Handover: 9 * 60, Units: exodrive.Metric, TaxPercent: 7_750,
		Transfers: []exodrive.Transfer{{To: fleet().Locations[0].ID, Days: 2, Fee: 500_00}},
	}
}

// kinds are the four kinds of offer.
func kinds(ctx context.Context, w *world, who exodrive.Actor) map[string]kind {
	day := exodrive.MustDate("2027-05-01")
	return map[string]kind{
		"location": kindOf(ctx, who, w.Locations, w.CreateLocation, w.EditLocation, w.DeleteLocation,
			func(v exodrive.Location) (string, string) { return v.ID, v.Name },
			newLocation, exodrive.LocationInput{Name: "Moon", Zone: "Moon/Base"}),
		"price rule": kindOf(ctx, who, w.PriceRules, w.CreatePriceRule, w.EditPriceRule, w.DeletePriceRule,
			func(v exodrive.PriceRule) (string, string) { return v.ID, v.Name },
			func(name string) exodrive.PriceRuleInput {
				return exodrive.PriceRuleInput{Name: name, Start: day, Multiplier: 150_00, Active: true}
			},
			exodrive.PriceRuleInput{Name: "x", Weekdays: []int{7}, Multiplier: 1}),
		"extra": kindOf(ctx, who, w.Extras, w.CreateExtra, w.EditExtra, w.DeleteExtra,
			func(v exodrive.Extra) (string, string) { return v.ID, v.Name },
			func(name string) exodrive.ExtraInput {
				return exodrive.ExtraInput{Name: name, Price: 15_00, PerDay: true, MaxQuantity: 2}
			},
			exodrive.ExtraInput{Name: "x", Price: -1, MaxQuantity: 1}),
		"coupon": kindOf(ctx, who, w.Coupons, w.CreateCoupon, w.EditCoupon, w.DeleteCoupon,
			func(v exodrive.Coupon) (string, string) { return v.ID, v.Code },
			func(name string) exodrive.CouponInput {
				return exodrive.CouponInput{Code: strings.ToLower(strings.ReplaceAll(name, " ", "-")), Amount: 10_00, ValidUntil: day}
			},
			exodrive.CouponInput{Code: "BOTH", Amount: 1, Percent: 1}),
	}
}

// Places, price rules, extras and coupons are added, replaced by their version
// and removed; each answer is what a later read gives.
func TestOffers(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		for name, k := range kinds(ctx, w, as(exodrive.ScopeFleet)) {
			read := func(id string) any {
				byID, names, err := k.list()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := gocmp.Diff(inOrder(append([]string{}, names...)), names); diff != "" {
					t.Errorf("the list of each %s is not in order:\n%s", name, diff)
				}
				return byID[id]
			}
			id, made, err := k.create("Zermatt Special")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := gocmp.Diff(made, read(id)); diff != "" {
				t.Errorf("a new %s (-answer +read):\n%s", name, diff)
			}
			edited, err := k.edit(id, 1, "Aachen Special")
			if diff := gocmp.Diff(edited, read(id)); diff != "" || err != nil {
				t.Errorf("an edited %s (%v) (-answer +read):\n%s", name, err, diff)
			}
			if b, _ := json.Marshal(edited); strings.Contains(string(b), "null") || !strings.Contains(string(b), `"version":2`) {
				t.Errorf("an edited %s is answered %s", name, b)
			}
			_, err = k.edit(id, 1, "Late Special")
			wantCode(t, name+", an old version", err, exodrive.Stale)
			_, err = k.edit(id[:4]+"01kas0f3m2x7h9tq", 1, "Nobody's")
			wantCode(t, name+" that is not there", err, exodrive.NotFound)
			wantCode(t, name+" with a fault", k.bad(), exodrive.Invalid)
			if name != "price rule" {
				_, _, err = k.create("Aachen Special")
				wantCode(t, name+" of the same name", err, exodrive.Conflict)
			}
			if err := k.remove(id); err != nil || read(id) != nil {
				t.Errorf("a removed %s is still there: %v (%v)", name, read(id), err)
			}
			wantCode(t, name+" removed again", k.remove(id), exodrive.NotFound)
		}
		wantCode(t, "a place with cars", w.DeleteLocation(ctx, admin, fleet().Locations[0].ID), exodrive.Conflict)
	})
}

// A price rule for one car changes the price of that car's days and of no other.
func TestPriceRuleOfOneCar(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		roma, urus, day := car(t, "ferrari-roma"), car(t, "lamborghini-urus-performante"), exodrive.MustDate("2027-03-02")
		rate := func(id string) int64 {
			a, err := cache.Value(w.Availability(ctx, id, exodrive.AvailabilityQuery{Start: day, End: day}))
			if err != nil {
				t.Fatal(err)
			}
			return a.Days[0].Price.Amount
		}
		if rate(roma.ID) != roma.PricePerDay || rate(urus.ID) != urus.PricePerDay {
			t.Fatal("some rule speaks of the day; choose another")
		}
		in := exodrive.PriceRuleInput{Name: "Fair", CarID: roma.ID, Start: day, End: day, Multiplier: 200_00, Active: true}
		rule, err := w.CreatePriceRule(ctx, admin, in)
		if err != nil || rate(roma.ID) != 2*roma.PricePerDay || rate(urus.ID) != urus.PricePerDay {
			t.Errorf("with the rule (%v) the rates are %d and %d", err, rate(roma.ID), rate(urus.ID))
		}
		in.Active = false
		if _, err := w.EditPriceRule(ctx, admin, rule.ID, 1, in); err != nil || rate(roma.ID) != roma.PricePerDay {
			t.Errorf("switched off (%v), the rate is %d", err, rate(roma.ID))
		}
	})
}

// A review is public, and counts, from its approval to its refusal.
func TestJudgeReview(t *testing.T) {
	ctx := context.Background()
	eachWorld(t, func(t *testing.T, w *world) {
		waiting, total, err := w.AllReviews(ctx, as(exodrive.ScopeRead), exodrive.ReviewPending, firstPage)
		if err != nil || total == 0 || total != len(waiting) {
			t.Fatalf("%d reviews wait (%v)", total, err)
		}
		r := waiting[0]
		sum, n := 0, 0
		for _, v := range fleet().Reviews {
			if v.CarID == r.CarID && v.Status == exodrive.ReviewApproved {
				sum, n = sum+v.Stars, n+1
			}
		}
		check := func(what string, sum, n int) {
			t.Helper()
			c, err := w.ManagedCar(ctx, admin, r.CarID)
			if err != nil || c.ReviewCount != n || n > 0 && c.Rating != exodrive.Rating((200*sum+n)/(2*n)) {
				t.Errorf("%s, the car has %s stars of %d reviews (%v), want %d of %d", what, c.Rating, c.ReviewCount, err, sum, n)
			}
			page, err := cache.Value(w.Reviews(ctx, r.CarID, firstPage))
			if err != nil || page.Pagination.Total != n || page.Rating != c.Rating {
				t.Errorf("%s, its page has %d reviews and %s stars (%v)", what, page.Pagination.Total, page.Rating, err)
			}
		}
		check("before", sum, n)
		approved, err := w.JudgeReview(ctx, as(exodrive.ScopeReviews), r.ID, true)
		if err != nil || approved.Status != exodrive.ReviewApproved {
			t.Fatalf("approved: %+v (%v)", approved, err)
		}
		check("approved", sum+r.Stars, n+1)
		if _, err := w.JudgeReview(ctx, admin, r.ID, true); err != nil {
			t.Errorf("approved twice: %v", err)
		}
		check("approved twice", sum+r.Stars, n+1)
		refused, err := w.JudgeReview(ctx, admin, r.ID, false)
		if err != nil || refused.Status != exodrive.ReviewRefused {
			t.Errorf("refused: %+v (%v)", refused, err)
		}
		check("refused", sum, n)
		_, err = w.JudgeReview(ctx, admin, "rev_01kas0f3m2x7h9tq", true)
		wantCode(t, "a review that is not there", err, exodrive.NotFound)
		_, _, err = w.AllReviews(ctx, admin, "funny", firstPage)
		wantCode(t, "an unknown status", err, exodrive.Invalid)
		if _, all, err := w.AllReviews(ctx, admin, "", firstPage); err != nil || all != len(fleet().Reviews) {
			t.Errorf("all reviews are %d (%v)", all, err)
		}
	})
}
