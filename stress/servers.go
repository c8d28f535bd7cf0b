package stress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// Times of servers, and the token that they take for an administrator's.
const (
	startLimit = 30 * time.Second
	stopLimit  = 15 * time.Second
	callLimit  = 30 * time.Second
	deskToken  = "arena-arena-arena-arena-arena-arena"
)

// Serve starts a server of its own over the arena with a program, and returns a desk
// that calls it.
func (a *Arena) Serve(ctx context.Context, program string) (Desk, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "serve") //nolint:gosec // this very program
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(), "DATABASE_URL="+a.URL, "EXO_ADDR="+address, "EXO_OPS_ADDR=127.0.0.1:0", "EXO_RATE_LIMITS=off",
		"EXO_ACCESS_LOG=off", "EXO_ADMIN_TOKEN="+deskToken, "EXO_DEMO=false", "REDIS_URL=", "EXO_SECRET=")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	a.ends = append(a.ends, func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM) // one that is gone already says so below
		select {
		case err := <-gone:
			return err
		case <-time.After(stopLimit):
			return errors.Join(errors.New("a server did not stop"), cmd.Process.Kill())
		}
	})
	d := &desk{"http://" + address, &http.Client{Timeout: callLimit, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	for until := time.Now().Add(startLimit); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if r, err := d.client.Get(d.site + "/api/fleet/counts"); err == nil { //nolint:noctx // it has a limit
			_ = r.Body.Close()
			return d, nil
		}
	}
	return nil, fmt.Errorf("a server did not start: %s", strings.TrimSpace(log.String()))
}

// desk books over the API.
type desk struct {
	site   string
	client *http.Client
}

func (d *desk) Book(ctx context.Context, r rental.BookRequest, key string) (*rental.BookingView, error) {
	return d.call(ctx, "/api/bookings", r, "Idempotency-Key", key)
}

func (d *desk) Cancel(ctx context.Context, token string) (*rental.BookingView, error) {
	return d.call(ctx, "/api/bookings/"+token+"/cancel", nil)
}

func (d *desk) Confirm(ctx context.Context, id string) (*rental.BookingView, error) {
	return d.call(ctx, "/api/admin/bookings/"+id+"/confirm", nil, "Authorization", "Bearer "+deskToken)
}

func (d *desk) Change(ctx context.Context, token string, r rental.ChangeRequest, key string) (*rental.BookingView, error) {
	return d.call(ctx, "/api/bookings/"+token+"/change", r, "Idempotency-Key", key)
}

func (d *desk) Swap(ctx context.Context, id, carID string) (*rental.BookingView, error) {
	return d.call(ctx, "/api/admin/bookings/"+id+"/swap", rental.Swap{CarID: carID, Reason: "stress"},
		"Authorization", "Bearer "+deskToken, "If-Match", "*")
}

func (d *desk) call(ctx context.Context, path string, body any, header ...string) (*rental.BookingView, error) {
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.site+path, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var p httpx.Problem
		if err := json.Unmarshal(answer, &p); err != nil {
			return nil, fmt.Errorf("%s: %.200s", resp.Status, answer)
		}
		return nil, exodrive.Errorf(exodrive.Code(p.Code), "%s", p.Detail)
	}
	var b rental.BookingView
	return &b, json.Unmarshal(answer, &b)
}
