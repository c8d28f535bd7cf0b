package rental_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/rental"
	"github.com/exodrive/exodrive/sqlstore"
)

// A fleet sets limits of its own, what it leaves out stays, and nonsense stops the start with a sentence.
func TestOwnLimits(t *testing.T) {
	exotest.EachEngine(t, "", nil, func(t *testing.T, address string) {
		ctx := context.Background()
		store, err := sqlstore.Open(ctx, sqlstore.Config{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		if _, _, err := store.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		set := func(value string) {
			if err := store.Tx(ctx, func(tx *sqlstore.Tx) error { return tx.SetSetting(ctx, "limits", value) }); err != nil {
				t.Fatal(err)
			}
		}

		set(`{"rentalDays":60}`)
		service, err := rental.New(ctx, rental.Options{Store: store, Cache: newCache(t, store)})
		if err != nil {
			t.Fatal(err)
		}

		want := exodrive.DefaultLimits
		want.RentalDays = 60
		if got := service.Limits(); got != want {
			t.Errorf("the limits are %+v, want %+v", got, want)
		}
		_, err = exodrive.ParseCarQuery(url.Values{"startDate": {"2027-01-01"}, "endDate": {"2027-03-03"}}, service.Limits())
		wantCode(t, "61 days", err, exodrive.Invalid)
		for _, nonsense := range []string{`{"rentalDays":0}`, `{"page":"many"}`, `[]`, `x`, `{"rentalDay":60}`} {
			set(nonsense)
			_, err := rental.New(ctx, rental.Options{Store: store, Cache: newCache(t, store)})
			wantCode(t, nonsense, err, exodrive.Invalid)
		}
		set(`{}`)
		for name, values := range map[string][]string{"policy": {`{"freeHours":1,"feeHours":2}`, `{"holdMinutes":5}`, `{"openHolds":0}`}, "currency": {"euro", "", "XX"}} {
			for _, nonsense := range values {
				if err := store.Tx(ctx, func(tx *sqlstore.Tx) error { return tx.SetSetting(ctx, name, nonsense) }); err != nil {
					t.Fatal(err)
				}
				_, err := rental.New(ctx, rental.Options{Store: store, Cache: newCache(t, store)})
				wantCode(t, name+" "+nonsense, err, exodrive.Invalid)
			}
			if err := store.Tx(ctx, func(tx *sqlstore.Tx) error {
				return tx.SetSetting(ctx, name, map[string]string{"policy": `{"openHolds":9}`, "currency": "EUR"}[name])
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := rental.New(ctx, rental.Options{Store: store, Cache: newCache(t, store)}); err != nil {
			t.Errorf("a policy and a currency of its own: %v", err)
		}
	})
}
