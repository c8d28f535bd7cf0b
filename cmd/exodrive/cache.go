package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
)

type cacheClearCmd struct {
	Tag string `help:"Only what depends on this: cars, availability, car:ID, availability:ID, reviews:ID, slug:SLUG, or * for all of a kind, as car:*."`
}

// Run makes cached answers worthless on all nodes.
func (c *cacheClearCmd) Run(e *environment) error {
	s, err := newServer(e)
	if err != nil {
		return err
	}
	query := ""
	if c.Tag != "" {
		query = "?tag=" + url.QueryEscape(c.Tag)
	}
	if _, err := s.call(e.ctx, http.MethodDelete, "/api/admin/cache"+query); err != nil {
		return err
	}
	what := "Every cached answer"
	if c.Tag != "" {
		what = "What is cached of " + c.Tag
	}
	fmt.Fprintf(e.out, "%s is worthless now, on all nodes; it is loaded again when somebody asks.\n", what)
	return nil
}

type cacheStatsCmd struct {
	JSON bool `name:"json" help:"As the API gives it."`
}

// Run prints the figures of the node that answers.
func (c *cacheStatsCmd) Run(e *environment) error {
	s, err := newServer(e)
	if err != nil {
		return err
	}
	body, err := s.call(e.ctx, http.MethodGet, "/api/admin/cache")
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = e.out.Write(body)
		return err
	}
	var f api.CacheFigures
	if err := json.Unmarshal(body, &f); err != nil {
		return fmt.Errorf("%s did not answer with the figures of a cache: %w", s.base, err)
	}
	return printFigures(e.out, &f)
}

func printFigures(out io.Writer, f *api.CacheFigures) error {
	lease := fmt.Sprintf("%d ms left", f.LeaseMs)
	if f.LeaseMs < 0 {
		lease = "lapsed: the journal cannot be read"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"entries", fmt.Sprintf("%d, %.1f MB, %d evicted", f.Entries, float64(f.Bytes)/1e6, f.Evictions)},
		{"absences", fmt.Sprint(f.Absences)},
		{"lease", lease},
		{"polls", fmt.Sprintf("%d, %d failed, the last took %.1f ms", f.Polls, f.PollsFailed, f.PollMs)},
		{"invalidations", fmt.Sprintf("%d heard", f.Raises)},
		{"audit", fmt.Sprintf("%d answers compared, %d older than the bound", f.Audited, f.Inconsistent)},
		{"waiting", fmt.Sprint(f.Waiters)},
		{"redis", redisLine(f.Remote)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\nfamily\thits\tof redis\tmisses\tratio\tloads\tfailed\tms each\tstale\t\n")
	for _, name := range slices.Sorted(maps.Keys(f.Families)) {
		n := f.Families[name]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f %%\t%d\t%d\t%.1f\t%d\t\n", name, n.Hits, n.RemoteHits, n.Misses, 100*n.HitRatio, n.Loads, n.LoadErrors, n.LoadMs, n.Stale)
	}
	return w.Flush()
}

// redisLine is the level that nodes share in one line.
func redisLine(r *api.RemoteFigures) string {
	if r == nil {
		return "none"
	}
	line := fmt.Sprintf("%d calls of %.2f ms, %d failed, %d left out, %d waits for other nodes", r.Calls, r.CallMs, r.Failures, r.Refused, r.Waits)
	switch {
	case !r.Up:
		line = "does not answer; " + line
	case r.MemoryBytes == nil:
		line += ", memory unknown"
	case r.MaxMemoryBytes == nil || *r.MaxMemoryBytes == 0:
		line += fmt.Sprintf(", %.1f MB without a limit", float64(*r.MemoryBytes)/1e6)
	default:
		line += fmt.Sprintf(", %.1f of %.1f MB", float64(*r.MemoryBytes)/1e6, float64(*r.MaxMemoryBytes)/1e6)
	}
	if r.Resting {
		line += "; it rests"
	}
	return line
}

// server is a running server that this command talks to as an administrator.
type server struct{ base, token string }

func newServer(e *environment) (*server, error) {
	config, err := e.settings.Config()
	if err != nil {
		return nil, err
	}
	if config.AdminToken == "" {
		return nil, errors.New("this asks the running server, which needs an administrator's token: set EXO_ADMIN_TOKEN (make one with: exodrive admin token EMAIL)")
	}
	return &server{cmp.Or(config.BaseURL, localURL(config.Addr)), config.AdminToken}, nil
}

// serverLimit is how long a server may take to answer, and mostAnswer how much it
// may say.
const (
	serverLimit = 30 * time.Second
	mostAnswer  = 1 << 20
)

// call sends a request without a body and returns the answer's.
func (s *server) call(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, serverLimit)
	defer cancel()
	answer, err := s.send(ctx, method, path, "", "application/json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
}

// send sends a request, whose body, if any, is JSON, and returns an answer that is
// no refusal; the caller closes its body.
func (s *server) send(ctx context.Context, method, path, body, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Accept", accept)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s; set EXO_BASE_URL to where it runs (%w)", s.base, innermost(err))
	}
	if answer.StatusCode < http.StatusBadRequest {
		return answer, nil
	}
	defer answer.Body.Close()
	problem, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, err
	}
	return nil, s.refusalOf(answer.StatusCode, answer.Status, problem)
}

// refusal is the answer of a server that does not do what it is asked.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// refusalOf is what the server says in a problem document, or that it sent something
// else.
func (s *server) refusalOf(status int, words string, document []byte) *refusal {
	var problem struct {
		Code   exodrive.Code
		Detail string
	}
	if json.Unmarshal(document, &problem) != nil || problem.Detail == "" {
		return &refusal{status, fmt.Sprintf("%s answered %s", s.base, words)}
	}
	if problem.Code == exodrive.Unauthenticated {
		problem.Detail = strings.TrimSuffix(problem.Detail, ".") + "; make another with: exodrive admin token EMAIL"
	}
	return &refusal{status, problem.Detail}
}

// innermost is what is at the bottom of an error, which says why without telling
// how a request is made.
func innermost(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}
