package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
)

// An operator finds what failed for good, and why, and has it tried again; the log says
// that he did.
func TestDeadJobs(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		id := s.deadJob(t)
		list := func(query string) (page struct {
			Items []exodrive.JobRecord
		}) {
			t.Helper()
			rec := s.do(call{method: http.MethodGet, path: "/api/admin/jobs?" + query, as: adminToken})
			if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", query, rec.Code, rec.Body)
			}
			return page
		}
		if dead := list("state=dead").Items; len(dead) != 1 || dead[0].ID != id || dead[0].LastError != "the mail server is away" || dead[0].Failed != 3 {
			t.Errorf("the dead jobs are %+v", dead)
		}
		if others := list("state=dead&kind=hold.end").Items; len(others) != 0 {
			t.Errorf("ends of holds that are dead: %+v", others)
		}
		wrong := problem(t, "a kind that is none", s.do(call{method: http.MethodGet, path: "/api/admin/jobs?kind=hold_end", as: adminToken}), 400, "invalid")
		if !strings.Contains(wrong.Detail, "hold.end, hold.sweep") {
			t.Errorf("a kind that is none is told %q", wrong.Detail)
		}
		if holds := list("kind=hold.end&limit=2").Items; len(holds) != 2 || holds[0].State != exodrive.JobWaiting || holds[1].DueAt.Before(holds[0].DueAt) {
			t.Errorf("the ends of holds are %+v", holds)
		}
		retry := func() (int, string) {
			rec := s.do(call{method: http.MethodPost, path: "/api/admin/jobs/" + id + "/retry", as: adminToken})
			return rec.Code, rec.Body.String()
		}
		if code, body := retry(); code != http.StatusOK || !strings.Contains(body, `"state":"waiting"`) || !strings.Contains(body, `"failed":0`) {
			t.Errorf("a retry is answered %d %s", code, body)
		}
		if code, body := retry(); code != http.StatusConflict || !strings.Contains(body, "This job is waiting; only one that is dead can be retried.") {
			t.Errorf("a second retry is answered %d %s", code, body)
		}
		rec := s.do(call{method: http.MethodGet, path: "/api/admin/audit?subject=" + id, as: adminToken})
		if !strings.Contains(rec.Body.String(), `"action":"job.retry"`) {
			t.Errorf("the log says %s", rec.Body)
		}
		rec = s.do(call{method: http.MethodGet, path: "/api/admin/jobs?state=tired", as: adminToken})
		if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "waiting, running, done, dead") {
			t.Errorf("a state that is none is answered %d %s", rec.Code, rec.Body)
		}
	})
}
