package main

import (
	"fmt"

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
	Name   string `default:"command line" help:"What it is for."`
	Scopes string `default:"all" help:"What it may do: all, read, fleet, reviews, operate; several with commas."`
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
