package rediscache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Options say which Redis, and what for.
type Options struct {
	// URL is the address; see CheckURL for its forms.
	URL string
	// Install names the installation, in at most 64 letters, digits, "-", "_" and
	// ".". Those of another name see nothing of this one.
	Install string
	Log     *slog.Logger // nil is slog.Default()
	// Now is the clock that names the days of Asked; nil is time.Now.
	Now func() time.Time
}

const (
	// dialLimit is for a connection with its greeting, TLS included. Nobody waits for
	// it: calls end with their own contexts.
	dialLimit = 2 * time.Second
	// answerLimit is when a connection on which nothing comes back is given up.
	answerLimit = time.Second
	// silence is after how much of it a connection is asked whether it stands.
	silence = time.Second
	// mostCalls are under way at once; more wait for their turn, within their own
	// deadlines. The client's queue has room for 1,024, and who finds it full waits
	// there without a deadline.
	mostCalls = 512
	// mostRedirects of a Cluster are followed: one because the slot has moved, one
	// because it moves now, and as many again because it did so meanwhile. Nodes that
	// send each other's callers back and forth would have the call for ever.
	mostRedirects = 4
	// bufferBytes of a connection, each way.
	bufferBytes = 64 << 10
	// The first connection is tried again after a pause, which grows.
	firstPause, lastPause = 100 * time.Millisecond, 2 * time.Second
)

// Errors of every call.
var (
	// ErrNotConnected: Redis has not been reached since the client was opened.
	ErrNotConnected = errors.New("rediscache: not connected yet")
	// ErrClosed: the client was closed.
	ErrClosed = errors.New("rediscache: closed")
)

// Client is a connection of this process to Redis. It is safe for concurrent use.
// Every call returns within the deadline of its context, also while the server
// takes connections and does not answer.
type Client struct {
	install string
	log     *slog.Logger
	now     func() time.Time
	option  rueidis.ClientOption

	server  atomic.Pointer[rueidis.Client]
	fault   atomic.Pointer[error] // of the last try to connect; nil: none failed
	ready   chan struct{}         // closed once there is a server
	calls   chan struct{}         // a place for each call under way
	breaker *breaker              // of all calls but the remote cache's, which has one

	life  context.Context //nolint:containedctx // ends with Close
	end   context.CancelFunc
	owned sync.WaitGroup
	once  sync.Once
}

var installs = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Open begins to connect and does not wait for it. Its error is one sentence
// about the options. A Redis that cannot be reached, or lets nobody in, is logged once
// and tried again until it can; until then every call fails at once.
func Open(o Options) (*Client, error) {
	option, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if !installs.MatchString(o.Install) {
		return nil, fmt.Errorf("the name of an installation on Redis has 1 to 64 letters, digits, dots, hyphens and underscores, not %q", o.Install)
	}
	option.DisableCache = true // entries are kept by package cache, which can judge them
	option.DisableRetry = true // a caller has 20 ms, and a second try would take the first's time
	option.ClusterOption.MaxMovedRedirections = mostRedirects
	option.ClientSetInfo = rueidis.DisableClientSetInfo
	option.Dialer.Timeout, option.ConnWriteTimeout, option.Dialer.KeepAlive = dialLimit, answerLimit, silence
	option.ReadBufferEachConn, option.WriteBufferEachConn = bufferBytes, bufferBytes
	c := &Client{
		install: o.Install, log: o.Log, now: o.Now, option: option,
		ready: make(chan struct{}), calls: make(chan struct{}, mostCalls),
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.life, c.end = context.WithCancel(context.Background())
	c.breaker = newBreaker(c.ping, c.log)
	c.owned.Go(c.connect)
	c.owned.Go(func() { c.breaker.mend(c.life) })
	return c, nil
}

// Connected is closed once Redis has been reached.
func (c *Client) Connected() <-chan struct{} { return c.ready }

// Close ends all connections and goroutines of the client and waits for them,
// which takes some seconds if the server does not answer. Calls under way fail.
func (c *Client) Close() {
	c.once.Do(func() {
		c.end()
		c.owned.Wait()
		if server := c.server.Load(); server != nil {
			(*server).Close()
		}
		for range cap(c.calls) { // whoever still has a place is about to give it back
			c.calls <- struct{}{}
		}
		for range cap(c.calls) {
			<-c.calls
		}
	})
}

// Fault is why the last try to make the first connection failed; nil once it was
// made, and before any try has ended.
func (c *Client) Fault() error {
	if err := c.fault.Load(); err != nil && c.server.Load() == nil {
		return *err
	}
	return nil
}

// Refusal tells whether err is Redis's word that it lets this program not in, in one
// sentence for the operator.
func Refusal(err error) (sentence string, refused bool) {
	if err == nil {
		return "", false
	}
	said := err.Error()
	for _, r := range refusals {
		if strings.Contains(said, r.says) {
			return r.sentence, true
		}
	}
	return "", false
}

// refusals are what Redis says, from 6.2 on, to who is not let in.
var refusals = []struct{ says, sentence string }{
	{"WRONGPASS", "Redis refused the user or the password in REDIS_URL"},
	{"NOAUTH", "Redis wants a password, and REDIS_URL has none"},
	{"NOPERM", "Redis does not let the user in REDIS_URL do what is needed"},
}

// connect makes the first connection. Later ones are the library's to make.
func (c *Client) connect() {
	told := ""
	for pause := firstPause; c.life.Err() == nil; pause = min(2*pause, lastPause) {
		server, err := rueidis.NewClient(c.option)
		if err == nil {
			c.server.Store(&server)
			close(c.ready)
			c.log.Info("connected to Redis")
			return
		}
		if server != nil {
			server.Close()
		}
		c.fault.Store(&err)
		what, refused := Refusal(err)
		if !refused {
			what = "Redis cannot be reached"
		}
		if what != told {
			told = what
			c.log.Warn(what+", going on without it and trying again", "error", err)
		}
		wait(c.life, pause)
	}
}

// wait returns after d, or as soon as ctx has ended.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// answer is what a call brought.
type answer[T any] struct {
	value T
	err   error
}

// call runs do, and returns when it does or when ctx ends. Then do goes on by
// itself, and what it brings goes to undo, if there is one.
//
// It has a goroutine of its own because the library's calls look at their contexts
// in most places but not in all: who finds another dialling waits for him. It has no
// deadline of its own because the library would close the connection at it: one slow
// answer must not cost everybody the connection.
func call[T any](ctx context.Context, c *Client, do func(context.Context, rueidis.Client) (T, error), undo func(context.Context, rueidis.Client, T)) (T, error) {
	var none T
	if err := c.begin(ctx); err != nil {
		return none, err
	}
	done := make(chan answer[T])
	go func() {
		defer func() { <-c.calls }()
		server, free := *c.server.Load(), context.WithoutCancel(ctx)
		value, err := do(free, server)
		select {
		case done <- answer[T]{value, err}:
		case <-ctx.Done():
			if err == nil && undo != nil {
				undo(free, server, value)
			}
		}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// begin takes a place for a call.
func (c *Client) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.life.Err() != nil {
		return ErrClosed
	}
	if c.server.Load() == nil {
		return ErrNotConnected
	}
	select {
	case c.calls <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.life.Err() != nil { // Close takes all places; this one came first
		<-c.calls
		return ErrClosed
	}
	return nil
}

// ping asks whether Redis answers.
func (c *Client) ping(ctx context.Context) error {
	_, err := call(ctx, c, func(ctx context.Context, server rueidis.Client) (struct{}, error) {
		return struct{}{}, server.Do(ctx, server.B().Ping().Build()).Error()
	}, nil)
	return err
}
