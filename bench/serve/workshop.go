package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// workshop is a folder with the built program, its database and what its answers
// are, and the servers that run just now.
type workshop struct {
	folder  string
	program string
	pages   []page   // what the rates are measured with
	mixed   []string // what the open loop asks for
	running []*exec.Cmd
}

// page is an address with the answers to it: by the coding asked for.
type page struct {
	name, path string
	answers    map[string]answer
}

// answer is what the program sent for a hit.
type answer struct {
	Header http.Header // but for Date, which every server sets itself
	Body   []byte
}

// codings are what is asked for, as Accept-Encoding.
var codings = []string{"identity", "gzip"}

func newWorkshop(ctx context.Context) (*workshop, error) {
	folder, err := os.MkdirTemp("", "exodrive-bench-")
	if err != nil {
		return nil, err
	}
	// nginx and Varnish give up root, and must still get in.
	if err := os.Chmod(folder, 0o755); err != nil {
		return nil, err
	}
	w := &workshop{folder: folder, program: filepath.Join(folder, "exodrive")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", w.program, "github.com/exodrive/exodrive/cmd/exodrive")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		w.close()
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	if err := w.gather(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// gather asks the program once for everything that will be measured, and keeps
// its answers for the others to send.
func (w *workshop) gather(ctx context.Context) error {
	address, err := w.exodrive(ctx, nil)
	if err != nil {
		return err
	}
	defer w.stop()
	var list struct{ Cars []struct{ ID string } }
	first, err := ask(ctx, address, "/api/cars?limit=50", "identity", "")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(first.Body, &list); err != nil || len(list.Cars) == 0 {
		return fmt.Errorf("the list of cars has none: %.200s, %w", first.Body, err)
	}
	w.pages = []page{{name: "details", path: "/api/cars/" + list.Cars[0].ID}, {name: "list", path: "/api/cars"}}
	for i := range w.pages {
		w.pages[i].answers = map[string]answer{}
		for _, coding := range codings {
			if _, err := ask(ctx, address, w.pages[i].path, coding, ""); err != nil { // the miss
				return err
			}
			if w.pages[i].answers[coding], err = ask(ctx, address, w.pages[i].path, coding, ""); err != nil {
				return err
			}
		}
	}
	day := time.Now().UTC().AddDate(0, 0, 1)
	for _, car := range list.Cars {
		own := "/api/cars/" + car.ID
		w.mixed = append(w.mixed, own, own, own+"/reviews",
			own+"/availability?startDate="+day.Format(time.DateOnly)+"&endDate="+day.AddDate(0, 1, 0).Format(time.DateOnly))
	}
	for n := 1; n <= 3; n++ {
		w.mixed = append(w.mixed, fmt.Sprintf("/api/cars?limit=12&page=%d", n), fmt.Sprintf("/api/cars?limit=12&sort=name&page=%d", n))
	}
	return w.keep(ctx, address)
}

// keep writes the answers for the bare server.
func (w *workshop) keep(ctx context.Context, address string) error {
	all := map[string]answer{}
	for _, p := range w.pages {
		for coding, a := range p.answers {
			all[coding+" "+p.path] = a
		}
	}
	for _, path := range w.mixed {
		for _, coding := range codings {
			var a answer
			var err error
			for range 2 { // a miss, a hit
				if a, err = ask(ctx, address, path, coding, ""); err != nil {
					return err
				}
			}
			all[coding+" "+path] = a
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return os.WriteFile(w.answersFile(), text, 0o644)
}

func (w *workshop) answersFile() string { return filepath.Join(w.folder, "answers.json") }

// exodrive starts the program with the demo fleet and its configuration as it
// comes: rate limits on, one request in a hundred logged, into a file.
func (w *workshop) exodrive(ctx context.Context, pin []string) (address string, err error) {
	address, err = freeAddress(ctx)
	if err != nil {
		return "", err
	}
	return address, w.start(ctx, address, pin, []string{"EXO_ADDR=" + address, "EXO_OPS_ADDR=", "EXO_DEMO=true", "EXO_DATA_DIR=" + w.folder, "DATABASE_URL="},
		w.program, "serve")
}

// start runs a server and returns when it answers at address.
func (w *workshop) start(ctx context.Context, address string, pin, env []string, command ...string) error {
	command = append(append([]string{}, pin...), command...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	log, err := os.Create(filepath.Join(w.folder, "log-"+strconv.Itoa(len(w.running))))
	if err != nil {
		return err
	}
	defer log.Close() // the server has it open for itself
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	w.running = append(w.running, cmd)
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
	}
	said, _ := os.ReadFile(log.Name())
	return fmt.Errorf("%s does not listen: %s", command, said)
}

// stop ends the servers that run, the last one first.
func (w *workshop) stop() {
	for i := len(w.running) - 1; i >= 0; i-- {
		_ = w.running[i].Process.Signal(syscall.SIGTERM)
		_ = w.running[i].Wait() // how it ends is not measured
	}
	w.running = nil
}

func (w *workshop) close() {
	w.stop()
	os.RemoveAll(w.folder)
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ask is one call, whose body is kept in the coding it came in.
func ask(ctx context.Context, address, path, coding, tag string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Accept-Encoding", coding) // set by us, so that the client does not decode
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return answer{}, err
	}
	want := http.StatusOK
	if tag != "" {
		want = http.StatusNotModified
	}
	if resp.StatusCode != want {
		return answer{}, errors.New(path + ": " + resp.Status + " " + body.String())
	}
	resp.Header.Del("Date")
	return answer{resp.Header, body.Bytes()}, nil
}
