package doctor_test

import (
	"testing"
	"time"

	"github.com/exodrive/exodrive/doctor"
	"github.com/exodrive/exodrive/exotest"
)

// Each setting that will hurt in production is told with what to set.
func TestSettings(t *testing.T) {
	t.Parallel()
	yes := func() bool { return true }
	for check, c := range map[string]struct {
		change func(*doctor.Parts)
		words  string
	}{
		"EXO_DEMO":            {func(p *doctor.Parts) { p.Settings.Demo = true }, "made-up"},
		"EXO_BASE_URL":        {func(p *doctor.Parts) { p.Settings.BaseURL = false }, "reached from outside"},
		"EXO_RATE_LIMITS":     {func(p *doctor.Parts) { p.Settings.RateLimits = false }, "EXO_RATE_LIMITS=on"},
		"EXO_TRUSTED_PROXIES": {func(p *doctor.Parts) { p.Forwarded = yes }, "share one rate limit"},
	} {
		p := bare(t)
		p.fine()
		c.change(&p.Parts)
		p.says(doctor.Warn, check, c.words)
		p.Settings.Proxies = true
		if check == "EXO_TRUSTED_PROXIES" {
			p.fine()
		}
	}
}

// One node may keep its secret in the database; of several that is told.
func TestSecretOfSeveralNodes(t *testing.T) {
	t.Parallel()
	p := newPatient(t, exotest.PostgresFrom(t, "fleet", fleet))
	p.Settings.Secret = false
	p.fine("EXO_SECRET")
	p.serve()
	p.says(doctor.Warn, "EXO_SECRET", "2 nodes", "on every node")
	p.Settings.Secret = true
	p.fine("EXO_SECRET")
}

// A backup that was never made, or long ago, is told.
func TestBackup(t *testing.T) {
	eachPatient(t, func(t *testing.T, p *patient) {
		p.fine("backup")
		p.Now = func() time.Time { return time.Now().Add(72 * time.Hour) }
		p.says(doctor.Warn, "backup", "3 days ago", "exodrive backup")
		exec(t, prompt(t, p.url), `DELETE FROM settings WHERE key = 'last_backup'`)
		p.says(doctor.Warn, "backup", "never")
	})
}
