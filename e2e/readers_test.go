package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
)

const readersPerNode = 3

// remembered is a page as a browser keeps it.
type remembered struct {
	tag   string
	shown []seen
}

// keepReading asks one node for random pages, as several clients: with and without
// the mark of somebody's write, with and without what a browser has kept.
func (w *world) keepReading(ctx context.Context, n *node, r *rand.Rand) {
	kept := map[*page]*remembered{}
	for pause(ctx, time.Duration(r.Int64N(int64(30*time.Millisecond)))) {
		var carried *session
		if r.IntN(4) == 0 {
			carried = w.sessions[r.IntN(len(w.sessions))].Load()
		}
		w.read(ctx, n, w.pages[r.IntN(len(w.pages))], carried, kept, codings(r))
	}
}

// codings is a header as clients of all kinds send it.
func codings(r *rand.Rand) string {
	names := []string{"gzip", "br", "identity", "deflate", "zstd", "*", "GZIP"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var list []string
	for _, name := range names[:r.IntN(5)] {
		list = append(list, name+[]string{"", "", "; q=0.5", ";q=0", ";q=1.000", " ;Q=0.001"}[r.IntN(6)])
	}
	return "Accept-Encoding: " + strings.Join(list, ", ")
}

// decode replaces a body by what it is without its coding.
func (r *reply) decode() (err error) {
	var from io.Reader = bytes.NewReader(r.body)
	switch coding := r.header.Get("Content-Encoding"); {
	case coding == "" || len(r.body) == 0:
		return nil
	case coding == "gzip":
		from, err = gzip.NewReader(from)
	case coding == "br":
		from = brotli.NewReader(from)
	default:
		return fmt.Errorf("the coding %q was not asked for", coding)
	}
	if err == nil {
		r.body, err = io.ReadAll(from)
	}
	return err
}

// read asks for a page and judges what it shows. kept may be nil.
func (w *world) read(ctx context.Context, n *node, p *page, carried *session, kept map[*page]*remembered, headers ...string) {
	if carried != nil {
		headers = append(headers, "X-Exo-Mark: "+carried.mark)
	}
	have := kept[p]
	if have != nil {
		headers = append(headers, "If-None-Match: "+have.tag)
	}
	s := sight{node: n.number, sent: w.now()}
	got, err := n.get(ctx, p.path, headers...)
	s.done = w.now()
	if err != nil {
		if ctx.Err() == nil {
			w.failed(n, "read", 0, err)
		}
		return
	}
	if err := got.decode(); err != nil {
		w.report.breach(fmt.Sprintf("node %d at %v: %s cannot be decoded: %v", n.number, s.sent, p.path, err))
		return
	}
	var all []seen
	switch {
	case got.status == http.StatusNotModified && have != nil:
		all = have.shown
	case got.status == http.StatusOK, got.status == http.StatusNotFound && p.mayMiss():
		if all, err = p.read(got); err != nil {
			w.report.breach(err.Error())
			return
		}
		if tag := got.header.Get("ETag"); kept != nil && tag != "" {
			kept[p] = &remembered{tag, all}
		}
	default:
		w.failed(n, "read", got.status, nil)
		return
	}
	w.judge(n, p, s, all, carried, got)
}

// mayMiss tells whether the page is not there at times.
func (p *page) mayMiss() bool { return len(p.things) == 1 && p.things[0].kind == carHidden }

// judge holds everything on a page against the history.
func (w *world) judge(n *node, p *page, s sight, all []seen, carried *session, got *reply) {
	from := got.header.Get("Cache-Status")
	kind := p.family
	if carried != nil {
		kind += ", with a mark"
	}
	if strings.Contains(from, "stale-unverified") {
		// The answer itself says that it promises nothing. Of a busy machine nobody can
		// tell whether its database was away, but pages with dates never do that.
		w.report.read(kind, s.done-s.sent, "unverified", 0)
		if p.dated {
			w.report.breach(fmt.Sprintf("node %d at %v: %s is shown without the database", n.number, s.sent, p.path))
		}
		return
	}
	var oldest time.Duration
	for _, one := range all {
		s.state, s.carried = one.state, 0
		if carried != nil {
			s.carried = carried.writes[one.thing]
		}
		v := one.judge(s, bound)
		oldest = max(oldest, v.age)
		if v.breach != "" {
			w.report.breach(fmt.Sprintf("node %d, asked at %v, answered at %v, fault %q: %s\n  %d shows %s in %q: %s\n  %s\n  %s%s\n%s", n.number, s.sent, s.done,
				*w.fault.Load(), p.path, got.status, one.name, one.state, v.breach, told(got), carried, w.epochs(), one.around(v.version)))
		}
	}
	outcome := strings.ToLower(got.header.Get("X-Cache"))
	if got.status == http.StatusNotModified {
		outcome += " 304"
	} else if coding := got.header.Get("Content-Encoding"); coding != "" {
		outcome += " " + coding
	}
	w.report.read(kind, s.done-s.sent, outcome, oldest)
}

// told is what an answer says of its origin.
func told(r *reply) (text string) {
	for _, name := range []string{"X-Cache", "Cache-Status", "X-Cache-Ttl", "X-Response-Time", "X-Db-Time", "X-Request-Id"} {
		text += name + ": " + r.header.Get(name) + "; "
	}
	return text
}

// String tells the mark as it is signed: its epoch, and the number of the write.
func (s *session) String() string {
	if s == nil {
		return "no mark"
	}
	raw, err := base64.RawURLEncoding.DecodeString(s.mark)
	if err != nil || len(raw) < 16 {
		return "a mark that cannot be read"
	}
	return fmt.Sprintf("mark %d of epoch %x", binary.BigEndian.Uint64(raw[8:]), binary.BigEndian.Uint64(raw))
}

// epochs are those in which the nodes are now.
func (w *world) epochs() (text string) {
	for _, n := range w.nodes {
		var figures struct{ Epoch string }
		if got, err := n.get(context.Background(), "/api/admin/cache", "Authorization: Bearer "+adminToken); err == nil {
			_ = json.Unmarshal(got.body, &figures) // a node that does not tell is told as such
		}
		text += fmt.Sprintf("; node %d is in epoch %q", n.number, figures.Epoch)
	}
	return text
}

// failed counts a request without an answer. Whatever Redis does, there is none. A node may refuse while its database is
// away, and a connection may end when one wakes; any other status is a fault.
func (w *world) failed(n *node, what string, status int, err error) {
	how := fmt.Sprint(status)
	switch {
	case what == "read" && strings.HasPrefix(*w.fault.Load(), redisFault):
		w.report.breach(fmt.Sprintf("node %d at %v: a read got no answer: %d, %v (fault: %s)", n.number, w.now(), status, err, *w.fault.Load()))
	case err != nil && strings.Contains(err.Error(), "Client.Timeout"):
		how = "time-out"
	case err != nil:
		how = "no connection" // of a node that is gone, the recovery after the fault tells
	case status == http.StatusServiceUnavailable:
	case what == "write" && (status == http.StatusConflict || status == http.StatusPreconditionFailed):
	default:
		w.report.breach(fmt.Sprintf("node %d at %v: a %s was answered %d (fault: %s)", n.number, w.now(), what, status, *w.fault.Load()))
	}
	w.report.failure(*w.fault.Load(), what+" "+how)
}
