package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// fleetView is the page with the list of cars.
type fleetView struct {
	frame
	Form  form
	Asked bool              // the question leaves cars out
	List  *exodrive.CarPage // nil: the question is wrong, and the form says where
	Cards []card
	Old   bool   // nobody can vouch for the list just now
	Prev  string // address of the page before, or empty
	Next  string
	Last  string // address of the last page, when there is none of the number asked for
}

// card is a car of the list and the address of its page, with the days asked for.
type card struct {
	exodrive.CarCard
	Address string
}

func cardsOf(list *exodrive.CarPage) []card {
	query := ""
	if ask := &list.Filters; ask.HasDates() {
		query = "?" + url.Values{"startDate": {ask.Start.String()}, "endDate": {ask.End.String()}}.Encode()
	}
	cards := make([]card, len(list.Cars))
	for i, c := range list.Cars {
		cards[i] = card{c, "/fleet/" + c.Slug + query}
	}
	return cards
}

// fleet shows the cars that a question finds. The question is that of GET
// /api/cars. A wrong one is answered by the form as it was filled in, and is not
// asked.
func (s *site) fleet(w http.ResponseWriter, r *http.Request) (answer, error) {
	typed := typedIn(r.URL.Query())
	ask, err := exodrive.ParseCarQuery(r.URL.Query(), s.Rental.Limits())
	if err != nil {
		return s.refuse(r, typed, ask, err)
	}
	policy := httpx.LimitReads
	if ask.Search != "" {
		policy = httpx.LimitSearch
	}
	if err := s.allow(w, r, policy); err != nil {
		return answer{}, err
	}
	obs.RequestFrom(r.Context()).SetSearch(ask.Search != "")
	read, err := s.Rental.Cars(r.Context(), ask)
	list, err := cache.Value(read, err)
	switch {
	case exodrive.CodeOf(err) == exodrive.Invalid: // days that are over or too far ahead
		return s.refuse(r, typed, ask, err)
	case err != nil:
		return answer{}, err
	}
	from := sources{reads: []cache.Served{read.Served}}
	view := fleetView{frame: s.frame(), Form: newForm(typed, ask, list.Facets, nil), Asked: narrows(typed), List: list, Cards: cardsOf(list), Old: from.unverified()}
	view.turnPages(typed, s.Rental.Limits().Page)
	return fleetPage.answer(http.StatusOK, view, from)
}

// refuse answers a wrong question with the form as it was filled in.
func (s *site) refuse(r *http.Request, typed url.Values, ask exodrive.CarQuery, err error) (answer, error) {
	obs.RequestFrom(r.Context()).Fail(string(exodrive.CodeOf(err)), err)
	faults := sentences(faultsOf(err), typed, ask, s.Rental.Limits())
	return fleetPage.answer(httpx.StatusOf(exodrive.CodeOf(err)), fleetView{frame: s.frame(), Form: newForm(typed, ask, exodrive.Facets{}, faults)}, sources{})
}

// turnPages sets the addresses of the neighbouring pages; last is the highest
// number that may be asked for.
func (v *fleetView) turnPages(typed url.Values, last int) {
	at := v.List.Pagination
	last = min(last, at.TotalPages)
	switch {
	case at.Page > last && last > 0:
		v.Last = fleetAddress(typed, "", last)
		return
	case at.HasPrev:
		v.Prev = fleetAddress(typed, "", at.Page-1)
	}
	if at.Page < last {
		v.Next = fleetAddress(typed, "", at.Page+1)
	}
}

// narrows tells whether a question leaves cars out.
func narrows(typed url.Values) bool {
	for name := range typed {
		if name != "sort" && name != "limit" {
			return true
		}
	}
	return false
}

// fleetAddress is the address of a page of the list: the question typed in, but
// for one parameter, or none.
func fleetAddress(typed url.Values, without string, page int) string {
	q := url.Values{}
	for name, values := range typed {
		if name != without {
			q[name] = values
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return "/fleet"
	}
	return "/fleet?" + q.Encode()
}

// faultsOf are the wrong values of an input, by name, each with its sentence.
func faultsOf(err error) map[string]string {
	faults := map[string]string{}
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		if e.Field != "" {
			faults[e.Field] = e.Message
		}
		for _, f := range e.Faults {
			faults[f.Field] = f.Message
		}
	}
	return faults
}
