package cache

import "context"

// Mark names a writing transaction in its database: on Postgres its xid8, on
// SQLite the number of its journal row. Marks of one epoch grow, but two
// transactions that overlap may commit in either order. 0 is no mark.
type Mark uint64

// Epoch names a history of a database. Marks and stamps are comparable within
// one epoch only.
type Epoch uint64

// Raise says that a transaction changed what a tag stands for.
type Raise struct {
	Tag  string
	Mark Mark
}

// Written is what one transaction of this process wrote, in the tags of its
// journal rows.
type Written []Raise

// Mark is the highest mark of the transaction, 0 if it changed nothing cached.
func (w Written) Mark() Mark {
	var most Mark
	for _, r := range w {
		most = max(most, r.Mark)
	}
	return most
}

// Position is how far a reader of a journal has come. Only the journal that made
// it can read it; "" is a reader that begins.
type Position string

// Reading is the answer to one poll of a journal, all of it from one snapshot.
type Reading struct {
	Epoch Epoch
	// Horizon is above every transaction that had ended and been visible to the
	// snapshot without a gap: each mark below it is of a transaction that had
	// committed, and is visible, or never will be. It is what stamps are made of.
	Horizon Mark
	// Pruned is the highest mark whose rows have been deleted from the journal.
	Pruned Mark
	// Raises are the rows that became visible since the position that was asked
	// from, every one exactly once, in any order. From the position "" they are the
	// highest mark of every tag in the journal.
	Raises []Raise
	// Position is where the next poll goes on.
	Position Position
}

// Journal is the database's own record of which tags its transactions changed.
// It is the only source of truth about freshness. Implementations are safe for
// concurrent use, return within the deadline of ctx, and read from the primary:
// one that may lag behind it must fail instead.
type Journal interface {
	// Poll reads what became visible since a position. A position of another
	// epoch counts as "".
	Poll(ctx context.Context, since Position) (Reading, error)
	// Horizon is that of a snapshot taken after the call began.
	Horizon(ctx context.Context) (Epoch, Mark, error)
	// NewEpoch begins a new epoch for all readers of the database.
	NewEpoch(ctx context.Context) error
}
