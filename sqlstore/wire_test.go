package sqlstore_test

import (
	"bytes"
	"net"
	neturl "net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// wire is a network between a store and a Postgres that can swallow what passes.
type wire struct {
	url    string
	target string
	quiet  atomic.Bool
	// cutAfter, if set, is a text of the client after which every answer is
	// swallowed and the connection cut: the server does what it was told, and
	// nobody learns of it.
	cutAfter atomic.Pointer[string]
	mu       sync.Mutex
	open     []net.Conn
}

// newWire listens in front of a database until the test ends.
func newWire(t testing.TB, url string) *wire {
	t.Helper()
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: u.Host}
	u.Host = listener.Addr().String()
	w.url = u.String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
	})
	return w
}

// silence makes the network swallow everything that is sent over what is open now,
// or ends these connections and lets new ones through.
func (w *wire) silence(on bool) {
	w.quiet.Store(on)
	if !on {
		w.cut()
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.open {
		_ = conn.Close()
	}
	w.open = nil
}

func (w *wire) carry(client net.Conn) {
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		_ = client.Close()
		return
	}
	w.mu.Lock()
	w.open = append(w.open, client, server)
	w.mu.Unlock()
	var deaf atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		w.pass(client, server, func(sent []byte) {
			if after := w.cutAfter.Load(); after != nil && bytes.Contains(sent, []byte(*after)) {
				deaf.Store(true)
			}
		}, nil)
	})
	both.Go(func() {
		w.pass(server, client, nil, func() bool { return deaf.Load() })
	})
	both.Wait()
}

// pass copies one direction. look sees what passes; lost, if it says so, ends the
// connection in place of passing on.
func (w *wire) pass(from, to net.Conn, look func([]byte), lost func() bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if lost != nil && lost() {
			return
		}
		if look != nil {
			look(buffer[:n])
		}
		if n > 0 && !w.quiet.Load() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
