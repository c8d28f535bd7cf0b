package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/obs"
)

type serveCmd struct {
	PrintConfig bool `help:"Print the configuration with secrets hidden, and stop."`
}

// Run serves until a signal comes.
func (c *serveCmd) Run(e *environment) error {
	config, err := e.settings.Config()
	if c.PrintConfig {
		fmt.Fprint(e.out, e.settings.Print())
		return err
	}
	if err != nil {
		return err
	}
	log := obs.NewLogger(e.progress, slog.LevelInfo)
	for _, pair := range app.Misspelt(os.Environ()) {
		log.Warn("a variable of this name means nothing", "name", pair[0], "nearest", pair[1])
	}
	begin := time.Now()
	a, err := app.New(e.ctx, config, version, log, time.Now)
	if err != nil && e.ctx.Err() != nil {
		log.Info("stopped before serving")
		return nil //nolint:nilerr // a stop that was asked for is no failure
	}
	if err != nil {
		return err
	}
	log.Info("serving", "version", version, "database", a.Store.Engine(), "address", a.Addr().String(),
		"operations", addrText(a.OpsAddr()), "demo", config.Demo, "ms", time.Since(begin).Milliseconds())
	if isTerminal(e.progress) {
		fmt.Fprintf(e.progress, "\n  ExoDrive is ready: %s\n  API documentation: %[1]s/docs\n\n", localURL(a.Addr().String()))
	}
	err = a.Serve(e.ctx)
	log.Info("stopped")
	return err
}

func addrText(a net.Addr) string {
	if a == nil {
		return "off"
	}
	return a.String()
}

// localURL is where a browser on this machine finds a site that listens at an
// address.
func localURL(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// isTerminal tells whether somebody watches; a log gets no prose.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
