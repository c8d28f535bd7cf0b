package api

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
	"github.com/exodrive/exodrive/rental"
)

// warmRequest names the groups to warm. Which members are there makes a
// difference, so they are pointers.
type warmRequest struct {
	Cars         *bool `json:"cars,omitempty" nullable:"false" doc:"The lists that are asked first, and address, details and first reviews of every public car."`
	Availability *bool `json:"availability,omitempty" nullable:"false" doc:"Calendars of this month and the next two, of the cars that are asked most."`
	FleetCounts  *bool `json:"fleetCounts,omitempty" nullable:"false"`
}

func (r warmRequest) groups() rental.WarmRequest {
	if r == (warmRequest{}) {
		return rental.WarmAll
	}
	yes := func(b *bool) bool { return b != nil && *b }
	return rental.WarmRequest{Cars: yes(r.Cars), Availability: yes(r.Availability), FleetCounts: yes(r.FleetCounts)}
}

type warmBody struct{ Body *entered[warmRequest] }

// adminWarmCache answers when the warming has ended, which may be long after the
// time that any other answer may take.
func (a *api) adminWarmCache(_ context.Context, in *warmBody) (*huma.StreamResponse, error) {
	ask := rental.WarmAll
	if in.Body != nil {
		ask = in.Body.value.groups()
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) { //nolint:contextcheck // what it passes on is the context of the request
		r, w := humago.Unwrap(ctx)
		r = r.WithContext(ctx.Context()) // which knows who calls
		if wantsEvents(r) {
			a.streamWarming(w, r, ask)
			return
		}
		a.answerWarming(w, r, ask)
	}}, nil
}

// eventWait is how long a client may take to read one event, or the answer.
const eventWait = 30 * time.Second

func (a *api) answerWarming(w http.ResponseWriter, r *http.Request, ask rental.WarmRequest) {
	patience := http.NewResponseController(w)
	// The server's deadline must not pass meanwhile: one that has passed may not be
	// set anew. Where none can be set there is none. That of the body, which holds on
	// where there is no body, would end the request as if its caller had gone.
	_ = patience.SetReadDeadline(time.Time{})
	_ = patience.SetWriteDeadline(time.Time{})
	result, err := a.Rental.Warm(r.Context(), actorOf(r.Context()), ask, nil)
	_ = patience.SetWriteDeadline(time.Now().Add(eventWait))
	if err != nil {
		httpx.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result) // it cannot fail but for a caller who has gone
}

const eventStream = "text/event-stream"

// wantsEvents tells whether a caller asks for events by name.
func wantsEvents(r *http.Request) bool {
	for wish := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if kind, params, err := mime.ParseMediaType(wish); err == nil && kind == eventStream && params["q"] != "0" {
			return true
		}
	}
	return false
}

// streamWarming answers with events. What is refused before the warming begins is a
// problem like any other.
func (a *api) streamWarming(w http.ResponseWriter, r *http.Request, ask rental.WarmRequest) {
	events := &events{ResponseController: http.NewResponseController(w), w: w}
	result, err := a.Rental.Warm(r.Context(), actorOf(r.Context()), ask, func(p rental.WarmProgress) { events.send("progress", p) })
	switch {
	case err == nil:
		events.send("done", result)
	case !events.begun:
		httpx.WriteError(w, r, err)
	default:
		record := obs.RequestFrom(r.Context())
		problem := httpx.ProblemOf(err, record.RequestID())
		record.Fail(problem.Code, err)
		events.send("error", problem)
	}
}

// events writes an answer as server-sent events.
type events struct {
	*http.ResponseController
	w     http.ResponseWriter
	begun bool
	last  string // the progress that was sent last
}

// send writes one event at once; a progress that says nothing new is a comment,
// which keeps proxies from taking the connection for dead. A caller who has gone is
// found by the end of his context.
func (e *events) send(name string, data any) {
	if !e.begun {
		e.begun = true
		e.w.Header().Set("Content-Type", eventStream)
		e.w.Header().Set("X-Accel-Buffering", "no") // nginx would keep them together
		_ = e.SetReadDeadline(time.Time{})          // see answerWarming
	}
	text, _ := json.Marshal(data) // plain structs
	event := "event: " + name + "\ndata: " + string(text) + "\n\n"
	if event == e.last {
		event = ":\n\n"
	} else {
		e.last = event
	}
	_ = e.SetWriteDeadline(time.Now().Add(eventWait))
	_, _ = e.w.Write([]byte(event))
	_ = e.Flush()
}

// describeWarming documents both forms of the answer; huma knows only that it is
// written by hand.
func (a *api) describeWarming() {
	document := a.huma.OpenAPI()
	answer := document.Paths["/api/admin/cache-warm"].Post.Responses["200"]
	schema := document.Components.Schemas.Schema(reflect.TypeFor[rental.WarmResult](), true, "WarmResult")
	answer.Content = map[string]*huma.MediaType{
		"application/json": {Schema: schema},
		eventStream: {
			Schema: &huma.Schema{Type: huma.TypeString, Description: "Events: progress with done and total of each group, then done with the result, or error with a problem document."},
			Example: "event: progress\ndata: {\"cars\":{\"done\":12,\"total\":240}}\n\n" +
				"event: done\ndata: {\"cars\":{\"loaded\":200,\"fresh\":40,\"failed\":0},\"milliseconds\":950,\"joined\":false}\n\n",
		},
	}
}
