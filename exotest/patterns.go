package exotest

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
)

// Patterns are those of all routes of a mux, in order. A mux tells nobody what it holds,
// so they are read out of its index; a Go release that keeps them elsewhere fails the
// test here and not by finding none.
func Patterns(t testing.TB, mux *http.ServeMux) []string {
	t.Helper()
	index := reflect.ValueOf(mux).Elem().FieldByName("index")
	segments, multis := index.FieldByName("segments"), index.FieldByName("multis")
	if !segments.IsValid() || segments.Kind() != reflect.Map || !multis.IsValid() {
		t.Fatal("http.ServeMux keeps its patterns in another way now; mend exotest.Patterns")
	}
	var found []string
	add := func(list reflect.Value) {
		for i := range list.Len() {
			found = append(found, list.Index(i).Elem().FieldByName("str").String())
		}
	}
	add(multis)
	for at := segments.MapRange(); at.Next(); {
		add(at.Value())
	}
	slices.Sort(found)
	return slices.Compact(found)
}
