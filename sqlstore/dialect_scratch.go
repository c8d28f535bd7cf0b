package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// Scratch makes an empty database of the same kind as the one at an address, a file or
// another database of the same server, and returns its address and what removes it with
// everything in it. The database at the address is neither read nor changed.
func Scratch(ctx context.Context, address string) (scratch string, remove func(context.Context) error, err error) {
	if !strings.HasPrefix(address, "sqlite:") {
		return scratchPostgres(ctx, address)
	}
	folder, err := os.MkdirTemp("", "exodrive-scratch-")
	if err != nil {
		return "", nil, err
	}
	return "sqlite:" + filepath.Join(folder, "exodrive.db"), func(context.Context) error { return os.RemoveAll(folder) }, nil
}
