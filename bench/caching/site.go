package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	// The engines' drivers, for writes by hand.
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/exodrive/exodrive/bench/flow"
	"github.com/exodrive/exodrive/bench/stage"
)

// site is some servers on one store.
type site struct {
	o      options
	store  string
	shared string // how the machine is shared
	stage  *stage.Stage
	nodes  []*stage.Node
	db     *sql.DB
	cars   []string
	client *http.Client
}

// open starts what the store needs and the servers. close ends them.
func open(ctx context.Context, o options, store string) (s *site, err error) {
	s = &site{o: o, store: store, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: o.callers + 1, DisableCompression: true}}}
	if s.stage, err = stage.New(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.shared = s.stage.Apart(ctx)
	path := filepath.Join(s.stage.Folder(), "exodrive.db")
	driver, source, settings := "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)", []string{"DATABASE_URL=sqlite:" + path}
	switch store {
	case "embedded":
	case "postgres", "redis":
		if source, err = s.stage.Postgres(ctx); err != nil {
			return nil, err
		}
		driver, settings = "pgx", []string{"DATABASE_URL=" + source}
		if store == "redis" {
			redis, err := s.stage.Redis(ctx)
			if err != nil {
				return nil, err
			}
			settings = append(settings, "REDIS_URL="+redis)
		}
	default:
		return nil, fmt.Errorf("%q is neither embedded nor postgres nor redis", store)
	}
	if err := s.stage.Seed(ctx, o.cars, settings...); err != nil {
		return nil, err
	}
	for range o.nodes {
		n, err := s.stage.Node(ctx, settings...)
		if err != nil {
			return nil, err
		}
		s.nodes = append(s.nodes, n)
	}
	if s.db, err = sql.Open(driver, source); err != nil {
		return nil, err
	}
	fleet, err := flow.Look(ctx, s.nodes[0].Site)
	if err != nil {
		return nil, err
	}
	s.cars = fleet.Cars()
	return s, nil
}

func (s *site) close() {
	if s.db != nil {
		_ = s.db.Close() // nothing is left to lose
	}
	s.stage.Close()
}

// reply is what a request got.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r *reply) hit() bool { return r.header.Get("X-Cache") == "HIT" }

// ask sends a request; content, unless nil, as JSON, and mark, unless "", as that of a
// write. What is no success is an error.
func (s *site) ask(ctx context.Context, method, address string, content any, mark string) (*reply, error) {
	var body io.Reader = http.NoBody
	if content != nil {
		text, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if strings.Contains(address, "/api/admin/") {
		request.Header.Set("Authorization", "Bearer "+stage.AdminToken)
	}
	if mark != "" {
		request.Header.Set("X-Exo-Mark", mark)
	}
	resp, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %.300s", method, address, resp.Status, text)
	}
	return &reply{resp.StatusCode, resp.Header, text}, err
}

func (s *site) get(ctx context.Context, address, mark string) (*reply, error) {
	return s.ask(ctx, http.MethodGet, address, nil, mark)
}

// figures are the cache's own, of all servers together.
type figures struct {
	Audited, Inconsistent float64
	Families              map[string]family
	Remote                struct{ Failures, Refused float64 } // calls of Redis
}

type family struct{ Hits, RemoteHits, Misses, Loads, LoadMs float64 }

func (s *site) figures(ctx context.Context) (figures, error) {
	sum := figures{Families: map[string]family{}}
	for _, n := range s.nodes {
		r, err := s.get(ctx, n.Site+"/api/admin/cache", "")
		if err != nil {
			return sum, err
		}
		var one figures
		if err := json.Unmarshal(r.body, &one); err != nil {
			return sum, err
		}
		sum.Audited += one.Audited
		sum.Inconsistent += one.Inconsistent
		sum.Remote.Failures += one.Remote.Failures
		sum.Remote.Refused += one.Remote.Refused
		for name, f := range one.Families {
			f.LoadMs *= f.Loads // all of them
			sum.Families[name] = sum.Families[name].plus(f, 1)
		}
	}
	return sum, nil
}

func (f family) plus(g family, times float64) family {
	return family{f.Hits + times*g.Hits, f.RemoteHits + times*g.RemoteHits, f.Misses + times*g.Misses, f.Loads + times*g.Loads, f.LoadMs + times*g.LoadMs}
}

// since are the figures of the families since before.
func (f figures) since(before figures) map[string]family {
	all := map[string]family{}
	for name, now := range f.Families {
		all[name] = now.plus(before.Families[name], -1)
	}
	return all
}

// late are the calls of Redis since before that failed, took too long or were not made
// after such ones.
func (f figures) late(before figures) float64 {
	return f.Remote.Failures + f.Remote.Refused - before.Remote.Failures - before.Remote.Refused
}

// loads are those of all families.
func loads(of map[string]family) (n float64) {
	for _, f := range of {
		n += f.Loads
	}
	return n
}

// clear makes what all servers have worthless, and waits until all know it.
func (s *site) clear(ctx context.Context) error {
	r, err := s.ask(ctx, http.MethodDelete, s.nodes[0].Site+"/api/admin/cache", nil, "")
	if err != nil {
		return err
	}
	for _, n := range s.nodes { // with the mark they must look at the journal
		if _, err := s.get(ctx, n.Site+"/api/fleet/counts", r.header.Get("X-Exo-Mark")); err != nil {
			return err
		}
	}
	return nil
}

// far is a day that nobody has booked.
func far(ahead int) string { return time.Now().UTC().AddDate(0, 0, 400+ahead).Format(time.DateOnly) }

// calendar is the address of days of a car.
func calendar(n *stage.Node, car, from, to string) string {
	return n.Site + "/api/cars/" + car + "/availability?startDate=" + from + "&endDate=" + to
}
