package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/exodrive/exodrive"
)

// entered is the body of a request: a T whose missing members have the defaults
// of T's tags. huma itself would put a default in the place of every zero value,
// so nobody could send "available": false; it does not look in here.
type entered[T any] struct {
	value T
	fault error // what the schema could not tell; Resolve reports it
	read  bool
}

// Schema is that of T.
func (entered[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *entered[T]) UnmarshalJSON(b []byte) error {
	e.read = true
	v := reflect.ValueOf(&e.value).Elem()
	for i := range v.NumField() {
		if text := v.Type().Field(i).Tag.Get("default"); text != "" {
			if err := json.Unmarshal([]byte(text), v.Field(i).Addr().Interface()); err != nil {
				return fmt.Errorf("default of %s: %w", v.Type().Field(i).Name, err)
			}
		}
	}
	if err := json.Unmarshal(b, &e.value); err != nil {
		e.fault = wrongMember[T](b, err)
	}
	return nil
}

// Resolve implements huma.Resolver. A body that need not be there, and is not, is an
// object without members.
func (e *entered[T]) Resolve(huma.Context) []error {
	if !e.read {
		if err := e.UnmarshalJSON([]byte("{}")); err != nil {
			return []error{err}
		}
	}
	if e.fault == nil {
		return nil
	}
	return []error{e.fault}
}

// wrongMember names the member of a body that could not be read: the error of a
// day or a percentage does not know where it stood.
func wrongMember[T any](b []byte, err error) error {
	location := "body"
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) == nil {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			var alone T
			one := fmt.Appendf(nil, `{%q:%s}`, name, bytes.TrimSpace(members[name]))
			if e := json.Unmarshal(one, &alone); e != nil {
				location, err = "body."+name, e
				break
			}
		}
	}
	message := "This is not what belongs here."
	if ours, ok := errors.AsType[*exodrive.Error](err); ok {
		message = ours.Message
	}
	return &memberError{huma.ErrorDetail{Location: location, Message: message}}
}

// memberError is told only of a body that fits its schema: of one that does not,
// the schema has said it better.
type memberError struct{ detail huma.ErrorDetail }

func (e *memberError) Error() string { return e.detail.Message }

// ErrorDetail implements huma.ErrorDetailer.
func (e *memberError) ErrorDetail() *huma.ErrorDetail { return &e.detail }

// texts yields every text of a parsed JSON value, names of members included.
func texts(v any, yield func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return yield(v)
	case []any:
		for _, item := range v {
			if !texts(item, yield) {
				return false
			}
		}
	case map[string]any:
		for name, item := range v {
			if !yield(name) || !texts(item, yield) {
				return false
			}
		}
	}
	return true
}

var _ huma.Resolver = (*entered[exodrive.CarInput])(nil)
