package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// server is one of those that are compared.
type server struct {
	name    string
	address string
	pid     int
	headers int // of a plain answer, Date included
}

// The names of the servers.
const (
	ours    = "ExoDrive"
	bare    = "bare net/http"
	nginx   = "nginx, static file"
	varnish = "Varnish, hit"
)

// startAll starts every server, on one core or wherever the system likes.
func (w *workshop) startAll(ctx context.Context, pin []string, workers int) (servers []server, err error) {
	add := func(name string, start func() (string, error)) {
		if err == nil {
			s := server{name: name}
			if s.address, err = start(); err == nil {
				s.pid = w.running[len(w.running)-1].Process.Pid
			}
			servers = append(servers, s)
		}
	}
	add(ours, func() (string, error) { return w.exodrive(ctx, pin) })
	add(bare, func() (string, error) { return w.bare(ctx, pin) })
	add(nginx, func() (string, error) { return w.nginx(ctx, pin, workers) })
	add(varnish, func() (string, error) { return w.varnish(ctx, pin, servers[1].address) })
	if err != nil {
		return nil, err
	}
	// Each must send the very bytes, from its cache, before it is worth a measurement.
	for i := range servers {
		for _, p := range w.pages {
			for _, coding := range codings {
				for range 5 { // a miss, and what Varnish needs until it has both
					got, err := ask(ctx, servers[i].address, p.path, coding, "")
					if err != nil {
						return nil, fmt.Errorf("%s: %w", servers[i].name, err)
					}
					if !slices.Equal(got.Body, p.answers[coding].Body) {
						return nil, fmt.Errorf("%s sends %d bytes for %s in %s, not the same %d", servers[i].name, len(got.Body), p.path, coding, len(p.answers[coding].Body))
					}
					if coding == "identity" {
						servers[i].headers = len(got.Header) + 1
					}
				}
			}
		}
	}
	return servers, nil
}

func (w *workshop) bare(ctx context.Context, pin []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	return address, w.start(ctx, address, pin, nil, self, "-bare", w.answersFile(), "-address", address)
}

// serveBare is the least that answers the same with net/http: it finds the answer
// by its address and the coding, and sends it. Its server has the settings of ours.
func serveBare(ctx context.Context, o options) error {
	text, err := os.ReadFile(o.bare)
	if err != nil {
		return err
	}
	var kept map[string]answer
	if err := json.Unmarshal(text, &kept); err != nil {
		return err
	}
	type line struct {
		name   string
		values []string
	}
	type ready struct {
		head []line
		body []byte
	}
	answers := map[string]map[string]ready{}
	for _, coding := range codings {
		answers[coding] = map[string]ready{}
	}
	for key, a := range kept {
		coding, path, _ := strings.Cut(key, " ")
		one := ready{body: a.Body}
		for name, values := range a.Header {
			one.head = append(one.head, line{name, values})
		}
		answers[coding][path] = one
	}
	s := &http.Server{
		Addr: o.address, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			coding := "identity"
			if accept := r.Header["Accept-Encoding"]; len(accept) == 1 && accept[0] == "gzip" {
				coding = "gzip"
			}
			a, ok := answers[coding][r.RequestURI]
			if !ok {
				http.NotFound(rw, r)
				return
			}
			h := rw.Header()
			for _, l := range a.head {
				h[l.name] = l.values
			}
			rw.WriteHeader(http.StatusOK)
			_, _ = rw.Write(a.body)
		}),
	}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

// nginxHeaders are those that nginx sets itself.
var nginxHeaders = []string{"Server", "Date", "Content-Type", "Content-Length", "Last-Modified", "Connection", "Etag", "Accept-Ranges", "Content-Encoding"}

// nginx serves the bodies as files and their gzip beside them, with as many
// headers as ours.
func (w *workshop) nginx(ctx context.Context, pin []string, workers int) (string, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(w.folder, "nginx-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", err
	}
	var locations, headers strings.Builder
	for _, p := range w.pages {
		file := filepath.Join(folder, p.name)
		for coding, ending := range map[string]string{"identity": "", "gzip": ".gz"} {
			if err := os.WriteFile(file+ending, p.answers[coding].Body, 0o644); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&locations, "location = %s { alias %s; }\n", p.path, file)
	}
	// Ours has Date and one less than nginx of its own; the rest is made equal.
	ourHeader := w.pages[0].answers["identity"].Header
	missing := len(ourHeader) + 1 - (len(nginxHeaders) - 1)
	for _, name := range sortedNames(ourHeader) {
		if missing > 0 && !slices.Contains(nginxHeaders, name) {
			fmt.Fprintf(&headers, "add_header %s %q;\n", name, ourHeader.Get(name))
			missing--
		}
	}
	config := fmt.Sprintf(nginxConfig, workers, folder, folder, folder, headers.String(), address, locations.String())
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return "", err
	}
	return address, w.start(ctx, address, pin, nil, "nginx", "-p", folder, "-e", "stderr", "-c", file)
}

// nginxConfig is nginx at its best for a few small files.
const nginxConfig = `
daemon off; worker_processes %d; pid %s/pid;
events { worker_connections 1024; }
http {
  client_body_temp_path %s/body; proxy_temp_path %s/proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  access_log off; default_type application/json; gzip_static on;
  sendfile on; tcp_nopush on; open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
  keepalive_requests 1000000000;
  %s
  server { listen %s;
    %s
  }
}
`

// varnish keeps what the bare server answers for an hour. It is told to keep both
// codings, because by default it would unpack gzip anew for every other caller.
func (w *workshop) varnish(ctx context.Context, pin []string, backend string) (string, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(w.folder, "varnish-")
	if err != nil {
		return "", err
	}
	host, port, _ := net.SplitHostPort(backend)
	// What it adds is taken away again, so that it sends what the others do.
	config := fmt.Sprintf(`vcl 4.1;
backend default { .host = %q; .port = %q; }
sub vcl_backend_response { set beresp.ttl = 1h; return (deliver); }
sub vcl_deliver { unset resp.http.Via; unset resp.http.X-Varnish; unset resp.http.Age; unset resp.http.Accept-Ranges; }
`, host, port)
	file := filepath.Join(folder, "default.vcl")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return "", err
	}
	return address, w.start(ctx, address, pin, nil, "varnishd", "-F", "-j", "none", "-n", filepath.Join(folder, "run"), "-a", address,
		"-f", file, "-s", "malloc,64m", "-p", "http_gzip_support=off")
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
