package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// However many addresses there are, each gets the answer to its own question; one
// that was asked a moment ago is not parsed again, and one with a fault is each time.
//
// Red when: of does not compare the addresses; or keeps a question that has a fault.
func TestAskedIsTheQuestionOfTheAddress(t *testing.T) {
	var a asked[string]
	parsed := 0
	ask := func(address string) (string, error) {
		return a.of(httptest.NewRequest(http.MethodGet, address, nil), func(r *http.Request) (string, error) {
			parsed++
			if strings.Contains(address, "wrong") {
				return "", errors.New("wrong")
			}
			return r.URL.RawQuery, nil
		})
	}
	for round := range 2 {
		for i := range 3 * askedSlots {
			want := fmt.Sprintf("page=%d", i)
			if got, err := ask("/api/cars?" + want); got != want || err != nil {
				t.Fatalf("round %d: %q, %v, want %q", round, got, err, want)
			}
		}
	}
	for address, want := range map[string]int{"/api/cars?page=7": 1, "/api/cars?wrong": 3, "/api/cars?junk=" + strings.Repeat("x", askedLongest): 3} {
		parsed = 0
		for range 3 {
			_, _ = ask(address)
		}
		if parsed > want || want == 3 && parsed != 3 {
			t.Errorf("%.30s is parsed %d times of 3, want %d", address, parsed, want)
		}
	}
}
