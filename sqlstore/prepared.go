package sqlstore

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds the statements that are kept. Those with fixed texts are
// some forty, and among the first that anybody asks; the rest is for the first
// questions to the list, whose texts have no end. What comes later is prepared
// each time, as without the cache.
const maxPrepared = 250

// prepared is a pool that keeps its statements prepared, for a driver that does
// not: parsing was half the time of an SQLite read. Safe for concurrent use.
type prepared struct {
	*sql.DB
	mu     sync.RWMutex
	byText map[string]*sql.Stmt
}

func newPrepared(db *sql.DB) *prepared {
	return &prepared{DB: db, byText: make(map[string]*sql.Stmt, maxPrepared)}
}

// QueryContext runs a statement, prepared if it can be.
func (p *prepared) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := p.statement(ctx, text) //nolint:sqlclosecheck // kept until Close
	if err != nil || stmt == nil {
		return p.DB.QueryContext(ctx, text, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// statement is nil when there is no more room.
func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt, full := p.byText[text], len(p.byText) >= maxPrepared
	p.mu.RUnlock()
	if stmt != nil || full {
		return stmt, nil
	}
	fresh, err := p.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt = p.byText[text]; stmt != nil || len(p.byText) >= maxPrepared {
		return stmt, fresh.Close() //nolint:sqlclosecheck // only a statement that is not kept
	}
	p.byText[text] = fresh
	return fresh, nil
}

// Close ends the statements and the connections.
func (p *prepared) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.byText {
		stmt.Close()
	}
	clear(p.byText)
	return p.DB.Close()
}
