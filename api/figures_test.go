package api_test

import (
	"testing"

	"github.com/exodrive/exodrive"
)

// Figures come from memory and say so, for staff alone and kept by nobody in between.
//
// Red when: they are written as a public answer; the cache is asked before it is known who calls.
func TestFiguresAreForStaff(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s *server) {
		for _, path := range []string{"/api/admin/figures?startDate=2026-10-01&endDate=2027-09-30", "/api/admin/figures/cars?startDate=2026-10-01&endDate=2027-09-30"} {
			tag := ""
			for _, want := range []string{"MISS", "HIT"} {
				rec := s.do(call{method: "GET", path: path, as: s.token(t, map[string]exodrive.Scope{"MISS": exodrive.ScopeRead, "HIT": exodrive.ScopeFleet}[want])})
				observed(t, path, rec)
				h := rec.Header()
				if tag = h.Get("ETag"); rec.Code != 200 || h.Get("X-Cache") != want || h.Get("Cache-Control") != "private, no-cache" || h.Get("CDN-Cache-Control") != "no-store" || tag == "" {
					t.Errorf("%s is answered %d %v, want a %s", path, rec.Code, h, want)
				}
			}
			problem(t, path+" for a stranger", s.do(call{method: "GET", path: path, headers: []string{"If-None-Match: " + tag}}), 401, "unauthenticated")
			if rec := s.do(call{method: "GET", path: path, as: adminToken, headers: []string{"If-None-Match: " + tag}}); rec.Code != 304 || rec.Body.Len() != 0 {
				t.Errorf("%s is answered %d to one who has it", path, rec.Code)
			}
		}
	})
}
