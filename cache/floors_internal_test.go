package cache

import (
	"sync"
	"testing"
)

// Who has seen that something was raised sees what: otherwise an answer could be
// made of a part that a write has just ended, and be kept as if loaded after it.
//
// Red when: lift counts the raise before it is in its slot.
func TestRaiseIsWrittenBeforeItIsCounted(t *testing.T) {
	f := newFloors(1)
	var writer sync.WaitGroup
	writer.Go(func() {
		for m := range Mark(300_000) {
			f.raise("car:7", m+1)
		}
	})
	defer writer.Wait()
	for f.heard.Load() < 300_000 {
		counted := f.heard.Load()
		if heard, mark := f.slots[0].heard.Load(), f.slots[0].mark.Load(); heard < counted || mark < counted {
			t.Fatalf("%d raises are counted, and the slot knows number %d and mark %d", counted, heard, mark)
		}
	}
}
