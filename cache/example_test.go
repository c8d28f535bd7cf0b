package cache_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/exodrive/exodrive/cache"
	"github.com/exodrive/exodrive/cache/cachetest"
)

// A read is loaded once, then served from memory until a write of what it depends
// on.
func Example() {
	ctx := context.Background()
	db := cachetest.NewDatabase() // stands for yours; it is a cache.Journal
	db.Write("7", "Ferrari 296", "car:7")

	node := cache.New(cache.Options{Journal: db})
	defer node.Close()
	cars := cache.Register(node, carsOf(db))
	node.Start()
	firstPoll(node)

	for range 2 {
		answer, err := cars.Read(ctx, "7")
		fmt.Println(must(cache.Value(answer, err)), layers[answer.Layer])
	}

	// The transaction says what it wrote; a real one reads it from its journal rows.
	written := db.Write("7", "Ferrari 296 GTS", "car:7")
	node.Raise(ctx, written) // after the commit, before the writer is answered

	answer, err := cars.Read(ctx, "7")
	fmt.Println(must(cache.Value(answer, err)), layers[answer.Layer])
	// Output:
	// Ferrari 296 loaded
	// Ferrari 296 from memory
	// Ferrari 296 GTS loaded
}

// A client that carries the mark of its write sees it on every node at once, also
// on one that has not been told.
func ExampleWithMark() {
	ctx := context.Background()
	db := cachetest.NewDatabase()
	db.Write("7", "1,200.00 a day", "car:7")

	here, there := cache.New(cache.Options{Journal: db}), cache.New(cache.Options{Journal: db})
	defer here.Close()
	defer there.Close()
	cars := cache.Register(there, carsOf(db))
	for _, node := range []*cache.Cache{here, there} {
		node.Start()
		firstPoll(node)
	}
	fmt.Println("before:", must(cache.Value(cars.Read(ctx, "7"))))

	written := db.Write("7", "990.00 a day", "car:7")
	here.Raise(ctx, written)
	epoch, mark := here.Epoch(), written.Mark() // in a signed cookie, say

	fmt.Println("with the mark:", must(cache.Value(cars.Read(cache.WithMark(ctx, epoch, mark), "7"))))
	// Output:
	// before: 1,200.00 a day
	// with the mark: 990.00 a day
}

// An answer may be composed of others, depend on more than its question tells, and
// end at an instant.
func ExampleDepend() {
	ctx := context.Background()
	db := cachetest.NewDatabase()
	db.Write("7", "Ferrari 296", "car:7")
	db.Write("9", "McLaren 750S", "car:9")
	db.Write("garage", "7 9", "garage")
	weekend := time.Now().Add(48 * time.Hour)

	node := cache.New(cache.Options{Journal: db})
	defer node.Close()
	cars := cache.Register(node, carsOf(db))
	pages := cache.Register(node, cache.Family[string, string]{
		Name: "page", Fresh: time.Hour,
		Key:  func(name string) string { return "page:" + name },
		Tags: func(name string) []string { return []string{name} },
		Load: func(ctx context.Context, name string) (string, error) {
			ids, err := db.Value(ctx, name)
			if err != nil {
				return "", err
			}
			cache.Until(ctx, weekend)        // when another price begins
			cache.Depend(ctx, "banner:home") // before the banner is read
			var names []string
			for id := range strings.FieldsSeq(ids) {
				car, err := cache.Value(cars.Read(ctx, id)) // brings its tags with it
				if err != nil {
					return "", err
				}
				names = append(names, car)
			}
			return strings.Join(names, ", "), nil
		},
	})
	node.Start()
	firstPoll(node)

	answer, err := pages.Read(ctx, "garage")
	fmt.Println(must(cache.Value(answer, err)))
	fmt.Println("depends on", answer.Entry.Tags())

	node.Raise(ctx, db.Write("9", "McLaren Artura", "car:9"))
	fmt.Println(must(cache.Value(pages.Read(ctx, "garage"))))
	fmt.Println("loads of single cars:", node.Stats().Families["car"].Loads)
	// Output:
	// Ferrari 296, McLaren 750S
	// depends on [garage banner:home car:7 car:9]
	// Ferrari 296, McLaren Artura
	// loads of single cars: 3
}

func carsOf(db *cachetest.Database) cache.Family[string, string] {
	return cache.Family[string, string]{
		Name: "car", Fresh: time.Hour, Stale: 24 * time.Hour,
		Key:  func(id string) string { return "car:" + id },
		Tags: func(id string) []string { return []string{"car:" + id} },
		Load: db.Value,
	}
}

// firstPoll waits until the node keeps what it loads. A program need not wait: what
// is read earlier is loaded, and loaded again.
func firstPoll(node *cache.Cache) {
	for node.Stats().Lease <= 0 {
		time.Sleep(time.Millisecond)
	}
}

var layers = map[cache.Layer]string{cache.Loaded: "loaded", cache.Memory: "from memory", cache.Far: "from the remote cache"}

func must(value string, err error) string {
	if err != nil {
		panic(err)
	}
	return value
}
