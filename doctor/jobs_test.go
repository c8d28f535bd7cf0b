package doctor_test

import (
	"testing"
	"time"

	"github.com/exodrive/exodrive/doctor"
)

// Work that nobody begins, and work that was given up, is named with where to look.
//
// Red when: the state of a job is not told apart; or its time is not compared.
func TestJobs(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		p.fine("jobs")
		job := `INSERT INTO jobs (id, kind, args, unique_key, created_at, run_at, tries, failed, ended_at) VALUES ($1, 'letter.send', 'null', '', 1, $2, 3, $3, $4)`
		db, now := prompt(t, p.url), time.Now()
		exec(t, db, job, "job_a", now.Add(-30*time.Second).UnixMilli(), 1, 0)
		p.fine("jobs")
		exec(t, db, job, "job_b", now.Add(-5*time.Minute).UnixMilli(), 1, 0)
		p.says(doctor.Warn, "jobs", "letter.send has been due for 5 minutes", "state=waiting")
		exec(t, db, job, "job_c", 1, 3, 2)
		p.says(doctor.Warn, "jobs", "1 of letter.send are dead", "state=dead", "retry")
	})
}
