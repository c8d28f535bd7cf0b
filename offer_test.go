package exodrive_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive"
)

// TestPriceRuleValidate: An operator is told every wrong field of a price rule.
func TestPriceRuleValidate(t *testing.T) {
	good := exodrive.PriceRuleInput{Name: "Weekend", Weekdays: []int{0, 6}, Multiplier: 115_00, Start: mayFirst, End: mayFirst}
	if err := good.Validate(); err != nil {
		t.Errorf("good rule: %v", err)
	}
	bad := exodrive.PriceRuleInput{CarID: "ferrari", Weekdays: []int{1, 7}, Multiplier: 1000_01, Start: mayFirst, End: mayFirst.Add(-1)}
	want := []string{"/name", "/carId", "/endDate", "/weekdays", "/multiplierPercent"}
	if diff := cmp.Diff(want, faultFields(t, bad.Validate())); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestExtraValidate: An operator is told every wrong field of an extra.
func TestExtraValidate(t *testing.T) {
	good := exodrive.ExtraInput{Name: "Child seat", Price: 0, MaxQuantity: 1}
	if err := good.Validate(); err != nil {
		t.Errorf("good extra: %v", err)
	}
	bad := exodrive.ExtraInput{Price: -1}
	if diff := cmp.Diff([]string{"/name", "/price", "/maxQuantity"}, faultFields(t, bad.Validate())); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestCouponValidate: A coupon takes a share or an amount off, not both and not
// neither, and its code counts in capitals.
func TestCouponValidate(t *testing.T) {
	good := exodrive.CouponInput{Code: "Summer10", Percent: 10_00, ValidFrom: mayFirst, ValidUntil: mayFirst}
	if err := good.Validate(); err != nil || good.Code != "SUMMER10" {
		t.Errorf("good coupon: %v, code %q", err, good.Code)
	}
	for _, c := range []struct {
		coupon exodrive.CouponInput
		want   []string
	}{
		{exodrive.CouponInput{Code: "MAY", Amount: 50_00}, nil},
		{exodrive.CouponInput{Code: "MAY"}, []string{"/percent"}},
		{exodrive.CouponInput{Code: "MAY", Percent: 10_00, Amount: 50_00}, []string{"/percent"}},
		{exodrive.CouponInput{Code: "M", ValidFrom: mayFirst, ValidUntil: mayFirst.Add(-1)}, []string{"/code", "/percent", "/validUntil"}},
	} {
		if diff := cmp.Diff(c.want, faultFields(t, c.coupon.Validate())); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.coupon, diff)
		}
	}
}
