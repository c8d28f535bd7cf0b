package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/web"
)

// Nobody takes a demonstration for a shop: every page of one says that its fleet is
// invented, also one without a car that was found, and no page of a real fleet does.
func TestADemoSaysSo(t *testing.T) {
	v := visit(t)
	for _, demo := range []bool{true, false} {
		mux := http.NewServeMux()
		web.Mount(mux, web.Options{Rental: v.rental, Now: exotest.Clock(now).Now, Demo: demo})
		for path, status := range map[string]int{"/": 200, "/fleet?make=none": 200, "/fleet?seats=x": 400, "/fleet/ferrari-roma": 200} {
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			if said := strings.Contains(rec.Body.String(), "This is a demonstration: its cars, prices and reviews are invented."); said != demo || rec.Code != status {
				t.Errorf("demo %t: %s is answered %d and says so: %t", demo, path, rec.Code, said)
			}
		}
	}
}
