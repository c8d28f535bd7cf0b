package sqlstore

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// What statements cost is noted for a bounded number of texts, and of those the slow ones stay.
//
// Red when: a full record takes no new text, or drops a slow one; or a new text is taken without a bound.
func TestCostsAreBounded(t *testing.T) {
	t.Parallel()
	c := newCosts()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 5 * mostCosts {
				c.note(fmt.Sprintf("SELECT %d", i), time.Duration(1+i%7)*time.Microsecond)
			}
			c.note("slow", time.Duration(worker+1)*time.Second)
		})
	}
	all.Wait()
	list := c.all()
	if len(list) != mostCosts {
		t.Errorf("%d texts are noted, want %d", len(list), mostCosts)
	}
	if s := list[0]; s != (Cost{"slow", 4, 10 * time.Second, 4 * time.Second}) || s.Mean() != 2500*time.Millisecond {
		t.Errorf("the slowest is %+v", s)
	}
	for range 3 * mostCosts {
		c.note("slow", time.Second)
		c.note(fmt.Sprint(time.Now().UnixNano()), time.Nanosecond) // too quick to be of interest
	}
	if list := c.all(); len(list) != mostCosts || list[0].Count != 4+3*mostCosts {
		t.Errorf("then %d texts, the slowest %d times", len(list), list[0].Count)
	}
}

// Noting costs a statement some hundred nanoseconds.
func BenchmarkNote(b *testing.B) {
	c := newCosts()
	text := fmt.Sprintf("%1500d", 1) // as long as that of a list
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.noteSince(time.Now(), text)
		}
	})
}
