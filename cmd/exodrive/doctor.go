package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/doctor"
)

type doctorCmd struct {
	Direct bool `help:"Look at the database and Redis themselves, without a server and without changing anything."`
	JSON   bool `name:"json" help:"As the API gives it."`
}

// Help says what a script needs to know.
func (*doctorCmd) Help() string {
	return "Each line says ok, warn or fail, what was looked at and its figure; where something is wrong, what that means and what to do. " +
		"Where no server answers, the stores are looked at themselves. The exit code is 1 if anything fails; warnings alone are 0."
}

// errSick ends a command whose output has said everything.
var errSick = errors.New("something fails; see above what to do")

// Run examines and tells.
func (c *doctorCmd) Run(e *environment) error {
	found, err := c.examine(e)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(e.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(api.Examination{Level: doctor.Worst(found), Findings: found})
	} else {
		err = printFindings(e.out, found)
	}
	if err == nil && doctor.Worst(found) == doctor.Fail {
		err = errSick
	}
	return err
}

// examine asks the running server, or else looks at the stores.
func (c *doctorCmd) examine(e *environment) ([]doctor.Finding, error) {
	config, err := e.settings.Config()
	if err != nil {
		return nil, err
	}
	server := doctor.Finding{Check: "server", Level: doctor.OK, Figure: "not asked", Meaning: leftOut + "it was not to be asked (--direct)."}
	if !c.Direct {
		found, err := c.ask(e)
		if err == nil {
			return found, nil
		}
		figure, advice := instead(err, config.AdminToken != "")
		if advice == "" {
			return nil, err
		}
		server = doctor.Finding{Check: "server", Level: doctor.Warn, Figure: figure, Meaning: leftOut + strings.TrimSuffix(err.Error(), ".") + ".", Advice: advice}
	}
	found, err := app.Examine(e.ctx, config, time.Now)
	return append([]doctor.Finding{server}, found...), err
}

const leftOut = "What only a running server knows is left out, the cache above all: "

// instead says what to do where the stores are looked at because the server did not
// tell; nothing where they would not help.
func instead(err error, token bool) (figure, advice string) {
	said, answered := errors.AsType[*refusal](err)
	switch {
	case !token:
		return "not asked", "Set EXO_ADMIN_TOKEN to an administrator's token, and ask again."
	case answered && said.status == http.StatusUnauthorized:
		return "answered 401", "Set EXO_ADMIN_TOKEN to a valid token, and ask again."
	case answered && said.status == http.StatusServiceUnavailable:
		return "answered 503", "See to the other findings first; the server goes on by itself."
	case !answered && errors.Unwrap(err) != nil: // what the network said
		return "not asked", "Start the server, or tell where it is (EXO_BASE_URL)."
	}
	return "", ""
}

// askLimit is how long a server may take: its doctor answers in less.
const askLimit = 8 * time.Second

// ask has the running server examine itself.
func (c *doctorCmd) ask(e *environment) ([]doctor.Finding, error) {
	s, err := newServer(e)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(e.ctx, askLimit)
	defer cancel()
	body, err := s.call(ctx, http.MethodGet, "/api/admin/doctor")
	if err != nil {
		return nil, err
	}
	var said api.Examination
	if err := json.Unmarshal(body, &said); err != nil || said.Level == "" {
		return nil, fmt.Errorf("%s did not answer with findings", s.base)
	}
	return said.Findings, nil
}

// printFindings writes a line for each, and for what is wrong two more.
func printFindings(out io.Writer, found []doctor.Finding) error {
	width := 0
	count := map[doctor.Level]int{}
	for _, f := range found {
		width = max(width, len(f.Check))
		count[f.Level]++
	}
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", f.Level, width, f.Check, f.Figure)
		if f.Level == doctor.OK {
			continue
		}
		for _, text := range []string{f.Meaning, f.Advice} {
			if text != "" {
				fmt.Fprintf(&b, "      %s\n", text)
			}
		}
	}
	fmt.Fprintf(&b, "\n%d ok, %d warn, %d fail\n", count[doctor.OK], count[doctor.Warn], count[doctor.Fail])
	_, err := io.WriteString(out, b.String())
	return err
}
