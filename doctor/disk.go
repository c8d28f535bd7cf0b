package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

func hasFile(p *Parts) bool { return p.Store != nil && p.Store.File() != "" }

// lookAtDisk tells whether there is room beside an embedded database.
func lookAtDisk(_ context.Context, p *Parts) ([]Finding, error) {
	dir := filepath.Dir(p.Store.File())
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	size := uint64(s.Bsize)
	found := []Finding{judgeDisk(dir, s.Bavail*size, s.Blocks*size, p.Limits)}
	wal, err := os.Stat(p.Store.File() + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return found, err
	}
	return append(found, judgeWAL(wal.Size())), nil
}

func judgeDisk(dir string, free, size uint64, l Limits) Finding {
	f := Finding{"disk", OK, fmt.Sprintf("%s of %s free at %s", bytes(free), bytes(size), dir), "There is room.", ""}
	switch {
	case free < l.FreeBytes/failOf:
		f.Level, f.Meaning = Fail, "There is hardly any room: soon nothing can be written, no booking and no backup."
	case free < l.FreeBytes:
		f.Level, f.Meaning = Warn, "Room is getting scarce; a backup needs as much as the database."
	}
	if f.Level != OK {
		f.Advice = "Make room, or move the data folder (EXO_DATA_DIR) to a larger disk."
	}
	return f
}

// failOf is the part of the free space worth a warning that is a fault.
const failOf = 8

// judgeWAL looks at the log beside an embedded database, which a reader that never
// ends keeps from being put back into it.
func judgeWAL(size int64) Finding {
	f := Finding{"write-ahead log", OK, bytes(size), "It is put back into the database in time.", ""}
	if size > largeWAL {
		f.Level, f.Meaning = Warn, "It grows because somebody has been reading without an end, and reads get slower with it."
		f.Advice = "End other programs that have the database open; stop and start the server."
	}
	return f
}

// largeWAL is what a thousand pages of 4 KiB, at which it is put back, never reach.
const largeWAL = 256 << 20
