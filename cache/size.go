package cache

import "reflect"

// sizeOf estimates what a value takes of the heap, by walking it. A pointer to
// the same thing twice is counted twice, which errs to the safe side.
func sizeOf(v any) int64 {
	if v == nil {
		return 0
	}
	r := reflect.ValueOf(v)
	return int64(r.Type().Size()) + sizeBehind(r)
}

// sizeBehind is what a value refers to beyond its own bytes.
func sizeBehind(v reflect.Value) int64 {
	switch v.Kind() {
	case reflect.String:
		return int64(v.Len())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return int64(v.Elem().Type().Size()) + sizeBehind(v.Elem())
	case reflect.Slice:
		return int64(v.Cap())*int64(v.Type().Elem().Size()) + sizeOfEach(v)
	case reflect.Array:
		return sizeOfEach(v)
	case reflect.Map:
		n := int64(0)
		for at := v.MapRange(); at.Next(); {
			n += mapOverhead + int64(v.Type().Key().Size()+v.Type().Elem().Size()) + sizeBehind(at.Key()) + sizeBehind(at.Value())
		}
		return n
	case reflect.Struct:
		n := int64(0)
		for i := range v.NumField() {
			n += sizeBehind(v.Field(i))
		}
		return n
	default:
		return 0
	}
}

func sizeOfEach(v reflect.Value) int64 {
	n := int64(0)
	for i := range v.Len() {
		n += sizeBehind(v.Index(i))
	}
	return n
}

// mapOverhead is about what one more key costs a map beside itself.
const mapOverhead = 16
