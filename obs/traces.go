package obs

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// spanQueue is how many spans wait to be sent; what comes while it is full is lost.
	spanQueue = 4096
	// sendLimit is for one call of the collector, for which nobody waits, and
	// lastLimit for those at the end of the program, which does.
	sendLimit = 3 * time.Second
	lastLimit = 500 * time.Millisecond
	// tracesPath is where collectors listen unless the address says something else.
	tracesPath = "/v1/traces"
)

// tracing is whether the process has Traces, so that everybody else pays for the
// question and no more. What becomes of a span is said by the context.
var tracing atomic.Bool

// Traces sends the spans of requests to a collector, over OTLP. A nil Traces makes
// none. Which requests are traced is OTEL_TRACES_SAMPLER's to say, all by default.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	client   *http.Client

	life context.Context //nolint:containedctx // ends with Close
	end  context.CancelFunc
}

// tracer is the name of whoever makes the spans.
const tracer = "github.com/exodrive/exodrive/obs"

// NewTraces sends to the collector at an address such as http://collector:4318. It
// does not wait for it: a collector that is not there costs spans, a line in the
// log, and nothing else.
func NewTraces(ctx context.Context, address, version string, log *slog.Logger) (*Traces, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the collector's address cannot be read")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = tracesPath
	}
	// A client of our own, whose connections end with it.
	client := &http.Client{Timeout: sendLimit, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	to, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHTTPClient(client),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	if err != nil {
		return nil, err
	}
	about := resource.NewSchemaless(attribute.String("service.name", "exodrive"), attribute.String("service.version", version))
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	t := &Traces{client: client, life: life, end: end, provider: sdk.NewTracerProvider(sdk.WithResource(about),
		sdk.WithBatcher(&sender{SpanExporter: to, log: log, life: life}, sdk.WithMaxQueueSize(spanQueue), sdk.WithExportTimeout(sendLimit)))}
	t.tracer = t.provider.Tracer(tracer)
	tracing.Store(true)
	return t, nil
}

// Close sends what is left, for at most half a second, and ends.
func (t *Traces) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.life, lastLimit)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the sender has logged what there is to say
	t.end()
	t.client.CloseIdleConnections()
}

// sender tells the log once when the collector is gone, and once when it is back.
type sender struct {
	sdk.SpanExporter
	log  *slog.Logger
	life context.Context //nolint:containedctx // ends with Traces
	gone bool            // one batch is sent at a time
}

// ExportSpans implements sdk.SpanExporter.
func (s *sender) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if s.life.Err() != nil {
		return nil // the program has waited long enough
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)() //nolint:contextcheck // the end of Traces ends it, too
	err := s.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !s.gone:
		s.log.Warn("traces cannot be sent and are lost until the collector answers", "error", ErrorText(err))
	case err == nil && s.gone:
		s.log.Info("traces are sent again")
	}
	s.gone = err != nil
	return nil
}

// Request begins the span of a request. Its parent is the one that the caller
// names in the header traceparent (W3C). EndRequest ends it.
func (t *Traces) Request(ctx context.Context, h http.Header, r *Request) context.Context {
	if t == nil {
		return ctx
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	r.span = &Span{span}
	return ctx
}

// EndRequest ends the span of a request, if there is one.
func (r *Request) EndRequest(method string, status int) {
	if r.span == nil {
		return
	}
	span, route := r.span.span, RouteLabel(r.Route)
	span.SetName(MethodLabel(method) + " " + route)
	span.SetAttributes(
		attribute.String("http.request.method", MethodLabel(method)), attribute.String("http.route", route),
		attribute.Int("http.response.status_code", status), attribute.String("exodrive.cache", r.Outcome()),
		attribute.String("exodrive.request_id", r.ID),
	)
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, r.Code)
	}
	span.End()
}

// Span is a part of a request that is measured on its own. The zero Span is none.
type Span struct{ span trace.Span }

// StartSpan begins a span within that of ctx, named by its kind, such as cache, db
// or redis, and what it does; without one there, it does nothing.
func StartSpan(ctx context.Context, kind, name string) (context.Context, Span) {
	if !tracing.Load() {
		return ctx, Span{}
	}
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() && !parent.SpanContext().IsSampled() {
		return ctx, Span{}
	}
	// A parent that has ended still knows who makes its children: what is stored after
	// the answer belongs to the request, too.
	ctx, span := parent.TracerProvider().Tracer(tracer).
		Start(ctx, kind+" "+name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("exodrive.part", kind)))
	return ctx, Span{span}
}

// Set notes something about the span. It must not be about a person.
func (s Span) Set(name, value string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(name, value))
	}
}

// End ends the span; an error makes it a failed one.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, ErrorText(err))
	}
	s.span.End()
}
