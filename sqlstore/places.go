package sqlstore

import (
	"context"
	"errors"

	"github.com/exodrive/exodrive"
)

const locationColumns = `id, slug, name, address, city, country, zone, handover, hours, pickup_fee, return_fee,
	after_hours_fee, tax_name, tax_percent, tax_included, units, version`

func scanLocation(r scanner) (l exodrive.Location, err error) {
	return l, r.Scan(&l.ID, &l.Slug, &l.Name, &l.Address, &l.City, &l.Country, &l.Zone, &l.Handover, asJSON{&l.Hours}, &l.PickupFee, &l.ReturnFee,
		&l.AfterHoursFee, &l.TaxName, &l.TaxPercent, &l.TaxIncluded, &l.Units, &l.Version)
}

func locationValues(l *exodrive.Location) []any {
	return []any{
		l.ID, l.Slug, l.Name, l.Address, l.City, l.Country, l.Zone, l.Handover, jsonText(l.Hours), l.PickupFee, l.ReturnFee,
		l.AfterHoursFee, l.TaxName, l.TaxPercent, l.TaxIncluded, l.Units, l.Version,
	}
}

// placesOf are those of three places, by id or slug, that there are. Their transfers are
// there if it is more than one.
func (q queries) placesOf(ctx context.Context, a, b, c string) ([]exodrive.Location, error) {
	places, err := collect(ctx, q, scanLocation, sqlPlacesOf, a, b, c)
	if err != nil || len(places) < 2 {
		return places, err
	}
	return places, q.transfers(ctx, places)
}

const sqlPlacesOf = `SELECT ` + locationColumns + ` FROM locations WHERE id IN ($1, $2, $3) OR slug IN ($1, $2, $3)`

// Places are all places without their transfers, by name; a fleet has few.
func (q queries) Places(ctx context.Context) ([]exodrive.Location, error) {
	return collect(ctx, q, scanLocation, sqlLocations)
}

// LocationPage is a page of all places with their transfers, by name, and the number of all.
func (q queries) LocationPage(ctx context.Context, page exodrive.PageQuery) ([]exodrive.Location, int, error) {
	places, total, err := paged(ctx, q, scanLocation, sqlCountLocationRows, sqlLocations+` LIMIT $1 OFFSET $2`, page)
	if err != nil {
		return nil, 0, err
	}
	return places, total, q.transfers(ctx, places)
}

// PublicPlaces is a page of all places as renters see them, by name, its parts in
// parallel.
func (q queries) PublicPlaces(ctx context.Context, page exodrive.PageQuery, currency exodrive.Currency) (*exodrive.PlacePage, error) {
	var places []exodrive.Location
	var transfers map[string][]exodrive.Transfer
	total := 0
	g, gctx := q.parts(ctx)
	g.Go(func() error { return q.row(gctx, sqlCountLocationRows).scan(&total) })
	g.Go(func() (err error) {
		places, err = collect(gctx, q, scanLocation, sqlLocations+` LIMIT $1 OFFSET $2`, page.Limit, (page.Page-1)*page.Limit)
		return err
	})
	g.Go(func() (err error) { transfers, err = q.allTransfers(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := exodrive.PlacePage{Locations: make([]exodrive.PublicPlace, len(places)), Pagination: exodrive.NewPagination(page.Page, page.Limit, total)}
	for i := range places {
		places[i].Transfers = transfers[places[i].ID]
		out.Locations[i] = places[i].Public(currency)
	}
	return &out, nil
}

// transfers fills in the transfers of places.
func (q queries) transfers(ctx context.Context, places []exodrive.Location) error {
	all, err := q.allTransfers(ctx)
	for i := range places {
		places[i].Transfers = orEmpty(all[places[i].ID])
	}
	return err
}

// allTransfers are those of all places, by the place of pick-up.
func (q queries) allTransfers(ctx context.Context) (map[string][]exodrive.Transfer, error) {
	all := map[string][]exodrive.Transfer{}
	err := q.each(ctx, sqlTransfers, nil, func(r scanner) error {
		var from string
		var t exodrive.Transfer
		err := r.Scan(&from, &t.To, &t.Days, &t.Fee)
		all[from] = append(all[from], t)
		return err
	})
	return all, err
}

const sqlCountLocationRows = `SELECT COUNT(*) FROM locations`

const sqlLocations = `SELECT ` + locationColumns + ` FROM locations ORDER BY name, id`

const sqlTransfers = `SELECT from_id, to_id, days, fee FROM location_transfers ORDER BY from_id, to_id`

// CheckLocation is an invalid error on "/locationId" unless there is such a place.
func (q queries) CheckLocation(ctx context.Context, id string) error {
	var version int64
	err := q.row(ctx, sqlLocationExists, id).scan(&version)
	if errors.Is(err, errNoRow) {
		return exodrive.Errorf(exodrive.Invalid, "There is no place %s.", id).On("/locationId")
	}
	return err
}

// InsertLocation stores a new place.
func (t *Tx) InsertLocation(ctx context.Context, l *exodrive.Location) error {
	return t.InsertLocations(ctx, []exodrive.Location{*l})
}

// InsertLocations stores new places, whose transfers may lead to each other.
func (t *Tx) InsertLocations(ctx context.Context, list []exodrive.Location) error {
	rows := rowsOf(list, func(l *exodrive.Location) []any { return append(locationValues(l), ms(t.Now), ms(t.Now)) })
	if err := t.insertRows(ctx, sqlInsertLocations, "", rows); err != nil {
		return err
	}
	for i := range list {
		if err := t.insertTransfers(ctx, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

const sqlInsertLocations = `INSERT INTO locations (` + locationColumns + `, created_at, updated_at) VALUES `

func (t *Tx) insertTransfers(ctx context.Context, l *exodrive.Location) error {
	var rows [][]any
	for _, tr := range l.Transfers {
		rows = append(rows, []any{l.ID, tr.To, tr.Days, tr.Fee})
	}
	return t.insertRows(ctx, sqlInsertTransfers, "", rows)
}

const sqlInsertTransfers = `INSERT INTO location_transfers (from_id, to_id, days, fee) VALUES `

// UpdateLocation replaces a place if its stored version is the one before
// l.Version, else it is stale.
func (t *Tx) UpdateLocation(ctx context.Context, l *exodrive.Location) error {
	if err := t.changed(ctx, sqlLocationExists, sqlUpdateLocation, append(locationValues(l), ms(t.Now))...); err != nil {
		return err
	}
	if err := t.exec(ctx, sqlDeleteTransfers, l.ID); err != nil {
		return err
	}
	return t.insertTransfers(ctx, l)
}

const sqlUpdateLocation = `UPDATE locations SET slug = $2, name = $3, address = $4, city = $5, country = $6, zone = $7, handover = $8,
	hours = $9, pickup_fee = $10, return_fee = $11, after_hours_fee = $12, tax_name = $13, tax_percent = $14,
	tax_included = $15, units = $16, version = $17, updated_at = $18 WHERE id = $1 AND version = $17 - 1`

const sqlDeleteTransfers = `DELETE FROM location_transfers WHERE from_id = $1`

const sqlLocationExists = `SELECT version FROM locations WHERE id = $1`

// DeleteLocation removes a place that no car and no booking refers to.
func (t *Tx) DeleteLocation(ctx context.Context, id string) error {
	err := t.gone(ctx, sqlDeleteLocation, id)
	if exodrive.CodeOf(err) == exodrive.Conflict {
		return exodrive.Errorf(exodrive.Conflict, "Cars or bookings still belong to this place; move them to another first.").Because(err)
	}
	return err
}

const sqlDeleteLocation = `DELETE FROM locations WHERE id = $1`

// changed runs an update of one row by id ($1) and version. No row means that
// somebody else was quicker, or that there is none with the id.
func (t *Tx) changed(ctx context.Context, exists, text string, args ...any) error {
	n, err := t.affected(ctx, text, args...)
	if err != nil || n > 0 {
		return err
	}
	var version int64
	if err := t.row(ctx, exists, args[0]).scan(&version); err != nil {
		return notFound(err, "There is no %s.", args[0])
	}
	return exodrive.Errorf(exodrive.Stale, "This was changed since you read it; its version is now %d.", version)
}

// gone runs a deletion of one row by id.
func (t *Tx) gone(ctx context.Context, text string, id string) error {
	n, err := t.affected(ctx, text, id)
	if err == nil && n == 0 {
		return exodrive.Errorf(exodrive.NotFound, "There is no %s.", id)
	}
	return err
}
