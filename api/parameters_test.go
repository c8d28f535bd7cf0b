package api_test

import (
	"strings"
	"testing"
)

// Staff that misspells a filter is told so, with those that there are, instead of being
// shown all.
//
// Red when: a list or an export of staff's ignores a parameter that it does not know.
func TestStaffIsToldOfUnknownParameters(t *testing.T) {
	s := anyServer(t, false)
	for path, known := range map[string]string{
		"/api/admin/bookings?status=held":     "state, carId, customerId, email, startDate, endDate, search, page, limit.",
		"/api/admin/bookings.csv?status=held": "state, carId, customerId, email, startDate, endDate, search.",
		"/api/admin/customers?status=x":       "page, limit, search.",
		"/api/admin/metrics?status=60":        "minutes.",
		"/api/admin/doctor?status=x":          "this address takes none.",
	} {
		p := problem(t, path, s.do(call{method: "GET", path: path, as: adminToken}), 400, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Parameter != "status" || !strings.Contains(p.Detail, `no parameter "status" here`) || !strings.HasSuffix(p.Detail, " "+known) {
			t.Errorf("%s is refused with %q, %+v, want those known: %s", path, p.Detail, p.Errors, known)
		}
	}
}
