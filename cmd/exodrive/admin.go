package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/api"
	"github.com/exodrive/exodrive/app"
	"github.com/exodrive/exodrive/rental"
)

type adminCreateCmd struct {
	Email string `arg:"" help:"Mail address."`
	Name  string `help:"Full name."`
}

// Run adds an administrator.
func (c *adminCreateCmd) Run(e *environment) error {
	return withRental(e, func(r *rental.Service, _ app.Config) error {
		if _, err := r.CreateAdministrator(e.ctx, c.Email, c.Name); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "%s is an administrator now. Make an API token with: exodrive admin token %[1]s\n", c.Email)
		return nil
	})
}

type adminTokenCmd struct {
	Email  string `arg:"" help:"Whose token it is."`
	Name   string `help:"What it is for, as the audit log will say; empty is the token's id."`
	Scopes string `default:"all" help:"What it may do: ${scopes}; several with commas."`
}

// scopeNames are all that a token may do.
func scopeNames() string {
	var names []string
	for _, s := range exodrive.Scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// Run prints a new token, and nothing else, so that a script can take it.
func (c *adminTokenCmd) Run(e *environment) error {
	scopes, err := exodrive.ParseScopes(c.Scopes)
	if err != nil {
		return err
	}
	return withRental(e, func(r *rental.Service, _ app.Config) error {
		token, err := r.CreateToken(e.ctx, c.Email, c.Name, scopes)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.progress, "This is the only time the token is shown:")
		fmt.Fprintln(e.out, token)
		return nil
	})
}

type adminTokensCmd struct{}

// Run prints a line for each token.
func (*adminTokensCmd) Run(e *environment) error {
	return withRental(e, func(r *rental.Service, _ app.Config) error {
		list, err := r.Tokens(e.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "id\tof\tname\tscopes\tmade\t")
		for _, t := range list {
			state := ""
			if t.Revoked {
				state = "revoked"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Email, t.Name, t.Scopes, t.Created.Format(time.DateOnly), state)
		}
		return w.Flush()
	})
}

type adminRevokeCmd struct {
	ID string `arg:"" help:"Which one, as admin tokens lists it."`
}

// Run ends a token.
func (c *adminRevokeCmd) Run(e *environment) error {
	return withRental(e, func(r *rental.Service, _ app.Config) error {
		if err := r.RevokeToken(e.ctx, c.ID); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "%s is revoked.\n", c.ID)
		return nil
	})
}

type openapiCmd struct {
	YAML bool `name:"yaml" help:"YAML instead of JSON."`
}

// Run prints the document. Its version is that of the API, not of the build, so
// that it changes only when the API does.
func (c *openapiCmd) Run(e *environment) error {
	asJSON, asYAML, err := api.Document()
	if err != nil {
		return err
	}
	if c.YAML {
		asJSON = asYAML
	}
	_, err = e.out.Write(asJSON)
	return err
}
