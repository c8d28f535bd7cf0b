package exotest

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// Relay stands between a program and its server on loopback, so that a test can
// take the server away from this program alone. It begins by passing everything
// on, and ends with the test. Its methods are safe for concurrent use.
type Relay struct {
	t        testing.TB
	listener net.Listener
	all      sync.WaitGroup

	mu       sync.Mutex
	target   string
	conns    map[net.Conn]struct{} // both ends of every connection; nil at the end
	refusing bool
	passing  chan struct{} // closed while bytes may pass
}

// NewRelay begins to listen for a server at host:port.
func NewRelay(t testing.TB, target string) *Relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{t: t, target: target, listener: listener, conns: map[net.Conn]struct{}{}, passing: make(chan struct{})}
	close(r.passing)
	r.all.Go(r.accept)
	t.Cleanup(r.end)
	return r
}

// Through is the address of a database of this server, as the relay's.
func (r *Relay) Through(databaseURL string) string {
	r.t.Helper()
	u, err := url.Parse(databaseURL)
	if target := r.to(); err != nil || u.Host != target {
		r.t.Fatalf("the relay stands before %s, not before %q", target, databaseURL)
	}
	u.Host = r.listener.Addr().String()
	return u.String()
}

// Retarget stands before another server from now on, and cuts.
func (r *Relay) Retarget(target string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = target
	r.cut()
}

func (r *Relay) to() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.target
}

// Cut ends all connections; what was on its way is lost. New ones are welcome.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut()
}

// Refuse cuts, and ends every new connection at once, until Accept. The port stays
// open, because another process could take it.
func (r *Relay) Refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusing = true
	r.cut()
}

// Accept ends Refuse.
func (r *Relay) Accept() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusing = false
}

// Mute lets connections stand and be made, but passes no byte on, until Sound. What
// is sent meanwhile arrives then, unless it was Cut.
func (r *Relay) Mute() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.passing:
		r.passing = make(chan struct{})
	default:
	}
}

// Sound ends Mute.
func (r *Relay) Sound() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.passing:
	default:
		close(r.passing)
	}
}

func (r *Relay) end() {
	_ = r.listener.Close() // it has nothing to lose
	r.Cut()
	r.Sound()
	r.mu.Lock()
	r.conns = nil
	r.mu.Unlock()
	r.all.Wait()
}

// cut is called with r.mu held.
func (r *Relay) cut() {
	for conn := range r.conns {
		_ = conn.Close() // the other end may have closed it
	}
	clear(r.conns)
}

func (r *Relay) accept() {
	for {
		from, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.all.Go(func() { r.connect(from) })
	}
}

func (r *Relay) connect(from net.Conn) {
	to, err := net.Dial("tcp", r.to())
	if err != nil {
		_ = from.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusing || r.conns == nil {
		_, _ = from.Close(), to.Close()
		return
	}
	r.conns[from], r.conns[to] = struct{}{}, struct{}{}
	r.all.Go(func() { r.pump(to, from) })
	r.all.Go(func() { r.pump(from, to) })
}

// pump passes bytes on until either end closes, and then closes both.
func (r *Relay) pump(to, from net.Conn) {
	defer func() {
		_, _ = to.Close(), from.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, to)
		delete(r.conns, from)
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		r.mu.Lock()
		passing := r.passing
		r.mu.Unlock()
		<-passing
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}
