package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

// From the end of a rental to a review that everybody reads: what is wrong with it is said
// member by member, it is written once, it waits for staff, and it is there, as the text
// it is, at the first read after it was approved, and gone at the first after it was
// refused again. What the page of another car shows stays cached.
func TestFromRentalToReview(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		link := "/api/reviews/" + s.about(t, s.prompt(t), "{reviewToken}").token
		of := read[rental.ReviewView](t, "the link", s.do(call{method: "GET", path: link}), 200)
		if of.Author != "Maria" || of.Review != nil {
			t.Errorf("before it is written: %+v", of)
		}
		const nasty = `<script>alert("x")</script> '); DROP TABLE car_reviews; --`
		for _, test := range []struct {
			name         string
			body         any
			pointer, say string
		}{
			{"no stars", members{"comment": nasty}, "#/stars", "It is missing."}, {"six stars", members{"stars": 6, "comment": nasty}, "#/stars", "at most 5"},
			{"half a star", members{"stars": 4.5, "comment": nasty}, "#/stars", "whole number"}, {"no comment", members{"stars": 5}, "#/comment", "It is missing."},
			{"a short comment", members{"stars": 5, "comment": "Fine."}, "#/comment", "at least 10"}, {"spaces", members{"stars": 5, "comment": strings.Repeat(" ", 20)}, "#/comment", "10 to 1000 characters"},
			{"a long comment", members{"stars": 5, "comment": strings.Repeat("x", 1001)}, "#/comment", "at most 1000"}, {"an escape", members{"stars": 5, "comment": "It was \u001b[31mfine."}, "#/comment", "no control characters"},
			{"another author", members{"stars": 5, "comment": nasty, "author": "The King"}, "#/author", "no member of this name"},
		} {
			p := problem(t, test.name, s.post(t, link, test.body), 400, "invalid")
			if len(p.Errors) != 1 || p.Errors[0].Pointer != test.pointer || !strings.Contains(p.Errors[0].Message, test.say) {
				t.Errorf("%s is refused with %+v, want %s: %s", test.name, p.Errors, test.pointer, test.say)
			}
		}
		read[rental.ReviewView](t, "written", s.post(t, link, members{"stars": 4, "comment": nasty}), 201)
		if p := problem(t, "written twice", s.post(t, link, members{"stars": 1, "comment": "On second thought, no."}), 409, "conflict"); p.Detail != "This rental already has a review." {
			t.Errorf("a second review is refused with %q", p.Detail)
		}
		waiting := read[found[exodrive.Review]](t, "those that wait", s.do(call{method: "GET", path: "/api/admin/reviews?status=pending&limit=50", as: adminToken}), 200).Items
		i := slices.IndexFunc(waiting, func(r exodrive.Review) bool { return r.Comment == nasty })
		if i < 0 {
			t.Fatalf("it does not wait for staff: %+v", waiting)
		}
		other := ferrari
		if of.Car.Slug == strings.TrimPrefix(ferrari, "/api/cars/") {
			other = porsche
		}
		shown := func() bool {
			t.Helper()
			page := read[exodrive.ReviewPage](t, "its reviews", s.do(call{method: "GET", path: "/api/cars/" + of.Car.Slug + "/reviews"}), 200)
			return slices.ContainsFunc(page.Reviews, func(r exodrive.PublicReview) bool { return r.ID == waiting[i].ID && r.Comment == nasty && r.Verified })
		}
		for _, judge := range []string{"", "approve", "refuse", "approve"} {
			s.outcome(t, other+"/reviews")
			if judge != "" {
				s.admin(t, "POST", fmt.Sprintf("/api/admin/reviews/%s/%s", waiting[i].ID, judge), "")
			}
			if shown() != (judge == "approve") {
				t.Errorf("after %q it is shown: %v", judge, judge != "approve")
			}
			if got := s.outcome(t, other+"/reviews"); got != "HIT" {
				t.Errorf("after %q, the reviews of another car are a %s", judge, got)
			}
		}
	})
}
