// Package cache keeps answers of a database in the memory of many processes and
// says how old one may be: never older than a bound, 2 s by default, counted from
// the commit that overwrote it to the arrival of the read. It holds to that when
// messages are lost, when readers are slow, when the remote cache forgets or comes
// back from an old file, and for SQL that somebody typed by hand.
//
//	node := cache.New(cache.Options{Journal: journal, Bell: bell}) // one per process
//	cars := cache.Register(node, cache.Family[string, Car]{
//		Name: "car", Fresh: time.Hour, Stale: 24 * time.Hour,
//		Key:  func(id string) string { return "car:" + id },
//		Tags: func(id string) []string { return []string{"car:" + id} },
//		Load: store.Car, // func(context.Context, string) (Car, error), from the primary
//	})
//	node.Start()
//	car, err := cache.Value(cars.Read(ctx, id)) // memory, remote cache or Load
//	node.Raise(ctx, written)                    // after a commit, before its answer
//
// What the application must bring is a [Journal]: the database's own record of
// which tags its transactions changed, written in those transactions, best by
// triggers. The README has one for Postgres; cachetest has one in memory, and the
// suite that every other must pass.
//
// # Six words
//
// A mark names a writing transaction. Marks grow in the order in which
// transactions begin to write, which is not the order in which they commit.
//
// The journal is the table of (mark, tag) in the database. A row becomes visible
// with the transaction that wrote it, or never. The tag "car:7" is also raised by
// its wildcard "car:*".
//
// The stamp of an entry is how far its load could see: a horizon taken before the
// load. Each mark below a horizon is of a transaction that had ended when the
// horizon was taken.
//
// The floor of a tag is the highest mark that this node has heard for it.
//
// The lease is until when this node may serve without reading the journal again:
// the start of its last successful poll + the bound.
//
// The epoch is the history that marks belong to. Whoever restores, fails over or
// rewinds the database begins another.
//
// # The rule
//
// An entry may be served iff its epoch is the node's, its stamp is above the floors
// of all its tags and their wildcards, the lease holds, and it is within its time.
//
// Why an old value is refused. Let W be the write that an entry lacks. Its load
// did not see W, so W had not ended when the horizon was taken, and stamp <= mark
// of W: otherwise W would be below the horizon, thus ended and visible. So wherever
// the floor has reached the mark of W the entry is refused, whoever stored it,
// wherever, and however long after. It does not matter in which order writers
// commit, as the horizon is below every writer that is still open.
//
// Why floors arrive in time. A node serves at t only if a poll that began at p >=
// t - bound has succeeded. If W had committed before p, then this poll or an
// earlier one has read its rows, as a poll reads all that has become visible since
// the one before, and floors are raised before the lease is renewed. If not, W is
// younger than the bound. The bell only makes polls come sooner. A node that cannot
// poll loads every answer, and loses speed but no promise.
//
// # The second rule
//
// A single long write transaction holds the horizon back, and every entry loaded
// meanwhile has a low stamp. So an entry that this node loaded from the primary is
// also above its floors while none of its tags has been raised here since its load
// began. A raise is heard only after its commit; a load begun after that sees the
// write; so a write that the entry lacks is raised after its load began. For this a
// raise counts even if its mark is below the floor. Such an entry is not shared with
// other nodes, who have heard other raises.
//
// # What follows from the rules
//
// Floors share slots by hash. A floor is only ever too high for one of the tags
// that share it, and a raise counts for all of them: that refuses entries which are
// valid, and accepts none that are not. So the table has a fixed size and forgets
// nothing.
//
// The horizon of the last poll is a stamp for nothing. A horizon is allowed to be
// old: whatever had ended when it was taken has ended when a later load begins. It
// is used as long as it is above the floors of the tags; else a new one is fetched,
// since an entry with it would be refused at once.
//
// The lease is held against two clocks of the same machine, and both must agree.
// The monotonic one cannot be set, but stands still while a machine is suspended;
// the wall clock goes on, and may be set, so it gets a second of slack. No clock is
// compared with that of another machine. A machine that sleeps for less than that
// second adds as much to the bound.
//
// A new epoch is polled twice. Between the snapshot of its first poll and the
// moment when readers see the new floors, this process may have raised a write on
// the old ones. The second snapshot is taken after that moment and contains it; the
// lease is renewed only then.
//
// Callers share loads. A load that began after a caller came has seen all that he
// may know of, and answers him whatever has been raised since. One that was under
// way when he came may have read before a write that he knows of: its answer is
// his only if it is valid when it lands, else there is another load.
//
// An answer composed of others, by reading them through the cache in its loader,
// has the least of their stamps, all of their tags and the earliest of their ends.
// So it is refused wherever one of its parts would be.
//
// # What is promised
//
// A read that begins after Raise has returned sees the write on this node. A read
// under [WithMark] sees the write of the mark on every node. Every other read sees
// what had been committed one bound before it came; usually one ring of the bell
// before. A tag is raised in constant time, whatever depends on it. Callers of one
// key share one load in a process, and in the fleet while the remote cache answers.
// Memory, waiting callers, loads and background tasks are bounded: beyond what can be
// loaded, callers get [ErrBusy] soon, and what is in memory is served as ever.
//
// # What is not
//
// The parts of a page may be of different moments, each within the bound: an entry
// is not a snapshot of the whole database. The bound does not hold for answers
// marked [Unverifiable], which a family with a stale time gives while neither the
// journal nor the loader answers, nor for changes that leave no row in the journal:
// tables without a trigger, and marks that come twice without a new epoch. It ends
// where the answer leaves the process: what a browser or a proxy keeps is for HTTP
// to say. A loader must read the primary; one that reads a lagging replica may be
// as stale as the replica.
package cache
