package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Settings are what the doctor knows of the configuration.
type Settings struct {
	Demo       bool
	BaseURL    bool // set
	Secret     bool // set, and not kept in the database
	RateLimits bool
	Proxies    bool // some are trusted
}

// lookAtSettings finds what runs, but will hurt in production.
func lookAtSettings(ctx context.Context, p *Parts) ([]Finding, error) {
	forwarded := p.Forwarded != nil && p.Forwarded()
	found := judgeSettings(p.Settings, forwarded)
	if !hasSchema(p) {
		return found, nil
	}
	nodes, err := p.Store.Nodes(ctx)
	if err == nil {
		found = append(found, judgeSecret(p.Settings, nodes))
	}
	last, backupErr := p.Store.LastBackup(ctx)
	if backupErr == nil {
		found = append(found, judgeBackup(last, p.Now(), p.Limits))
	}
	return found, errors.Join(err, backupErr)
}

// rule is a setting with what is said of it where it is wrong and where it is right.
type rule struct {
	name, figure string
	wrong        bool
	harm, advice string
	right        string
}

func judgeSettings(s Settings, forwarded bool) []Finding {
	var found []Finding
	for _, r := range []rule{
		{"EXO_DEMO", onOff(s.Demo), s.Demo, "The fleet is a made-up one.", "Unset EXO_DEMO and use a new database.", "The fleet is a real one."},
		{"EXO_BASE_URL", setOrNot(s.BaseURL), !s.BaseURL, "Addresses that leave this machine, in mails and for search engines, cannot be right.",
			"Set EXO_BASE_URL to the address under which the site is reached from outside.", "The site knows its address."},
		{"EXO_RATE_LIMITS", onOff(s.RateLimits), !s.RateLimits, "One caller can take the whole server for himself, and tokens can be guessed without end.",
			"Set EXO_RATE_LIMITS=on.", "Nobody can take the server for himself."},
		{"EXO_TRUSTED_PROXIES", setOrNot(s.Proxies), forwarded && !s.Proxies,
			"Calls come with X-Forwarded-For, which is not believed: all callers behind a proxy share one rate limit.",
			"Set EXO_TRUSTED_PROXIES to the proxy's addresses; if there is no proxy, somebody tries to pass for another.", "No call named an address that was not believed."},
	} {
		f := Finding{r.name, OK, r.figure, r.right, ""}
		if r.wrong {
			f.Level, f.Meaning, f.Advice = Warn, r.harm, r.advice
		}
		found = append(found, f)
	}
	return found
}

func judgeSecret(s Settings, nodes int) Finding {
	f := Finding{"EXO_SECRET", OK, setOrNot(s.Secret), "What callers carry is signed.", ""}
	if !s.Secret && nodes > 1 {
		f.Level, f.Figure = Warn, fmt.Sprintf("not set, %d nodes", nodes)
		f.Meaning = "The nodes sign with a secret in the database, so whoever has a backup can sign as well."
		f.Advice = "Set EXO_SECRET to the same 32 characters or more on every node."
	}
	return f
}

func judgeBackup(last, now time.Time, l Limits) Finding {
	f := Finding{"backup", OK, "never", "The last backup is young enough.", ""}
	if !last.IsZero() {
		f.Figure = span(now.Sub(last)) + " ago"
	}
	if last.IsZero() || now.Sub(last) > l.Backup {
		f.Level, f.Meaning = Warn, "What is lost with the database is lost since then."
		f.Advice = "Run exodrive backup FILE every day and keep the file elsewhere; backups by other tools are not seen here."
	}
	return f
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func setOrNot(set bool) string {
	if set {
		return "set"
	}
	return "not set"
}
