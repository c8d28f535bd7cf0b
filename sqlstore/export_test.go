package sqlstore

import "context"

// CarColumns are the columns of a car that is written whole.
const CarColumns = carColumns

// ServerSetting is what a setting of the server is for this session or
// transaction.
func (q queries) ServerSetting(ctx context.Context, name string) (value string, err error) {
	err = q.row(ctx, `SELECT current_setting($1)`, name).scan(&value)
	return value, err
}
