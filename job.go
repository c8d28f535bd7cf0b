package exodrive

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// JobState says where a piece of work stands.
type JobState string

// The states. A job that failed and is to be tried again waits.
const (
	JobWaiting JobState = "waiting"
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobDead    JobState = "dead" // it failed too often and waits for somebody to retry it
)

// JobStates is the whole vocabulary.
var JobStates = []JobState{JobWaiting, JobRunning, JobDone, JobDead}

// JobRecord is a piece of work as operators see it.
type JobRecord struct {
	ID        string          `json:"id" example:"job_01kas0f3m2x7h9tq"`
	Kind      string          `json:"kind" example:"hold.end"`
	State     JobState        `json:"state"`
	Args      json.RawMessage `json:"args" doc:"What it is about."`
	CreatedAt time.Time       `json:"createdAt"`
	DueAt     time.Time       `json:"dueAt" doc:"It is not begun before."`
	StartedAt *time.Time      `json:"startedAt,omitempty" doc:"When it was begun the last time."`
	EndedAt   *time.Time      `json:"endedAt,omitempty"`
	Failed    int             `json:"failed" doc:"How often it has failed."`
	Tries     int             `json:"tries" doc:"How often it may fail."`
	LastError string          `json:"lastError,omitempty"`
}

// JobQuery is what operators ask a list of jobs for; what is empty picks nothing out.
type JobQuery struct {
	States []JobState
	Kind   string
}

// ParseJobQuery reads it from the parameters of an address; kinds are those that there
// are. A value that is none is an invalid error that names its parameter and what is
// allowed.
func ParseJobQuery(v url.Values, kinds []string) (JobQuery, error) {
	p := params{values: v}
	q := JobQuery{States: list(&p, "state", oneOf(JobStates)), Kind: p.get("kind")}
	p.faults.check(q.Kind == "" || slices.Contains(kinds, q.Kind), "kind", "kind: %q is not allowed; it is one of %s.", clip(q.Kind), strings.Join(kinds, ", "))
	return q, p.faults.err()
}

// JobFigure counts the jobs of a kind in a state other than done.
type JobFigure struct {
	Kind   string
	State  JobState
	Count  int
	Oldest time.Time // when the first of them is or was due
}
