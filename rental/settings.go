package rental

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/sqlstore"
)

// defaultCurrency is that of a fleet that never chose one.
const defaultCurrency = "USD"

// readSettings reads what a fleet has set for itself, in the table settings: its
// currency, which is fixed once and for all when the first Service of a database is
// made, and its limits and policy, unless the options have them. A value that is none
// is an invalid error that names the setting.
func (s *Service) readSettings(ctx context.Context, tx *sqlstore.Tx) error {
	currency, err := tx.InitSetting(ctx, "currency", defaultCurrency)
	if err != nil {
		return err
	}
	if s.currency = exodrive.Currency(currency); !s.currency.Valid() {
		return exodrive.Errorf(exodrive.Invalid, `The setting "currency" is %q; it is a code of ISO 4217 such as USD.`, currency)
	}
	if s.limits == (exodrive.Limits{}) {
		s.limits = exodrive.DefaultLimits
		if err := setting(ctx, tx, "limits", &s.limits, `{"rentalDays":60}`); err != nil {
			return err
		}
	}
	if s.policy == (exodrive.Policy{}) {
		s.policy = exodrive.DefaultPolicy
		return setting(ctx, tx, "policy", &s.policy, `{"freeHours":48}`)
	}
	return nil
}

// setting reads a JSON object into v, which has the defaults of what is left out.
func setting(ctx context.Context, tx *sqlstore.Tx, name string, v interface{ Validate() error }, example string) error {
	own, err := tx.Setting(ctx, name)
	if err != nil || own == "" {
		return err
	}
	d := json.NewDecoder(strings.NewReader(own))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil {
		err = v.Validate()
	}
	if err != nil {
		return exodrive.Errorf(exodrive.Invalid, "The setting %q is not a JSON object of known numbers above 0, such as %s: %s.", name, example, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
