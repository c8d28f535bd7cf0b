package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
)

// ShapeOf names the form in which a remote cache has read models of a type: a hash
// of the wire form and of all that their JSON is made of. Two releases that differ
// in it do not see each other's entries, so that neither reads as empty a field
// that the other does not write. What a type's own MarshalJSON does cannot be seen:
// who changes that renames the type, or the family's keys.
func ShapeOf[V any]() string {
	h := sha256.New()
	fmt.Fprintln(h, "wire", wireVersion)
	writeShape(h, reflect.TypeFor[V](), map[reflect.Type]bool{})
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// writeShape describes a type by the fields that encoding/json looks at.
func writeShape(to io.Writer, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprintln(to, t.Kind(), t.Name())
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		writeShape(to, t.Elem(), seen)
	case reflect.Map:
		writeShape(to, t.Key(), seen)
		writeShape(to, t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() || f.Anonymous {
				fmt.Fprintln(to, f.Name, f.Tag.Get("json"))
				writeShape(to, f.Type, seen)
			}
		}
		fmt.Fprintln(to, "end")
	default:
	}
}
