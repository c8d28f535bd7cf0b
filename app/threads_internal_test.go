package app

import (
	"slices"
	"testing"
)

// More threads come with the first who stands in line, and go when nobody has stood
// there for five seconds.
func TestThreadsComeAndGo(t *testing.T) {
	queued, refused := 0, uint64(7)
	var sets []int
	th := &threads{more: 5, pressure: func() (int, uint64) { return queued, refused }, set: func(n int) { sets = append(sets, n) }, refused: 7}
	looks := func(n int) {
		for range n {
			th.look()
		}
	}
	looks(100)
	if len(sets) > 0 {
		t.Fatalf("with nobody in line: %v", sets)
	}
	queued = 3
	looks(3)
	queued = 0
	looks(calmLooks - 1)
	refused++ // the line was empty at every look, but somebody waited too long
	looks(calmLooks)
	if !slices.Equal(sets, []int{5}) {
		t.Fatalf("during a flood: %v, want 5 once", sets)
	}
	looks(1)
	if !slices.Equal(sets, []int{5, 0}) {
		t.Errorf("after it: %v, want 5 and then as before", sets)
	}
}
