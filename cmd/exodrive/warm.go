package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/exodrive/exodrive/rental"
)

type cacheWarmCmd struct {
	Cars         bool `help:"The lists that are asked first, and the pages of all cars."`
	Availability bool `help:"Calendars of the cars that are asked most, this month and the next two."`
	FleetCounts  bool `help:"How large the fleet is."`
	JSON         bool `name:"json" help:"The result as the API gives it."`
}

// Run has a running server warm its cache, shows how far that is, and waits for it.
func (c *cacheWarmCmd) Run(e *environment) error {
	s, err := newServer(e)
	if err != nil {
		return err
	}
	result, err := s.warm(e.ctx, c.groups(), newMeter(e.progress))
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(e.out).Encode(result)
	}
	begun := "Warmed"
	if result.Joined {
		begun = "The cache was being warmed already;"
	}
	_, err = fmt.Fprintf(e.out, "%s %s in %.1f s.\n", begun, warmed(result), float64(result.Milliseconds)/1000)
	return err
}

// groups is the body of the request; without a flag it is all three.
func (c *cacheWarmCmd) groups() string {
	if !c.Cars && !c.Availability && !c.FleetCounts {
		return "{}"
	}
	return fmt.Sprintf(`{"cars":%t,"availability":%t,"fleetCounts":%t}`, c.Cars, c.Availability, c.FleetCounts)
}

func warmed(r *rental.WarmResult) string {
	var parts []string
	say := func(name string, n *rental.WarmCounts) {
		if n == nil {
			return
		}
		part := fmt.Sprintf("%s: %d loaded, %d there already", name, n.Loaded, n.Fresh)
		if n.Failed > 0 {
			part += fmt.Sprintf(", %d failed", n.Failed)
		}
		parts = append(parts, part)
	}
	say("cars", r.Cars)
	say("availability", r.Availability)
	say("fleet counts", r.FleetCounts)
	return strings.Join(parts, "; ")
}

// silence is how long nothing may come from a server that warms; it says something
// several times a second.
const silence = 30 * time.Second

// warm asks for a warming and follows its events to the end.
func (s *server) warm(ctx context.Context, groups string, m *meter) (*rental.WarmResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	answer, err := s.send(ctx, http.MethodPost, "/api/admin/cache-warm", groups, "text/event-stream")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	defer m.end()
	var name string
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		alive.Reset(silence)
		line := lines.Text()
		if event, ok := strings.CutPrefix(line, "event: "); ok {
			name = event
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		switch name {
		case "progress":
			var p rental.WarmProgress
			if err := json.Unmarshal([]byte(data), &p); err == nil {
				m.show(p)
			}
		case "done":
			var result rental.WarmResult
			return &result, json.Unmarshal([]byte(data), &result)
		case "error":
			return nil, s.refusalOf(http.StatusOK, "a problem", []byte(data))
		}
	}
	return nil, fmt.Errorf("%s stopped answering; the cache may be warmed in part: %w", s.base, errors.Join(ctx.Err(), io.ErrUnexpectedEOF))
}

// meter shows progress: a bar where somebody watches, else a line for each tenth.
type meter struct {
	w       io.Writer
	bar     bool
	percent int // shown last
}

func newMeter(w io.Writer) *meter { return &meter{w, isTerminal(w), -1} }

const barWidth = 30

func (m *meter) show(p rental.WarmProgress) {
	done, total := 0, 0
	var parts []string
	add := func(name string, s *rental.WarmStep) {
		if s != nil {
			done, total = done+s.Done, total+s.Total
			parts = append(parts, fmt.Sprintf("%s %d of %d", name, s.Done, s.Total))
		}
	}
	add("cars", p.Cars)
	add("availability", p.Availability)
	add("fleet counts", p.FleetCounts)
	if total == 0 {
		return // it is not known yet
	}
	percent := 100 * done / total
	if m.bar {
		filled := barWidth * done / total
		m.percent = percent
		fmt.Fprintf(m.w, "\r\x1b[K[%s%s] %3d %%  %s", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), percent, strings.Join(parts, ", "))
		return
	}
	if percent/10 > m.percent/10 || m.percent < 0 {
		m.percent = percent
		fmt.Fprintf(m.w, "%3d %%  %s\n", percent, strings.Join(parts, ", "))
	}
}

// end leaves the line of a bar.
func (m *meter) end() {
	if m.bar && m.percent >= 0 {
		fmt.Fprintln(m.w)
	}
}
