package exotest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// clusterForm names how makeCluster calls initdb. It is part of the name of a
// kept cluster: change it with the arguments.
const clusterForm = "utf8-c.utf-8-1"

// makeCluster makes an empty Postgres cluster in data, inside folder. initdb
// takes a second or more and each test package is a process of its own, so the
// first result is kept in the user's cache folder and copied from then on.
func makeCluster(programs string, who *account, folder, data string) error {
	kept, err := keptCluster(programs)
	if err != nil {
		return err
	}
	if kept != "" {
		if _, err := os.Stat(kept); err == nil {
			return copyTree(kept, data, who)
		}
	}
	initdb := who.command(folder, filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if printed, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w; it printed:\n%s", err, printed)
	}
	if kept != "" {
		_ = keep(data, kept) // a cache that cannot be written costs the next process a second, no more
	}
	return nil
}

// keptCluster is the folder of the kept cluster of a release, whether or not it
// is there yet; "" when the user has no cache folder. The temporary folder would
// not do: others may write there.
func keptCluster(programs string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil //nolint:nilerr // no cache folder is an answer, not a failure
	}
	version, err := exec.Command(filepath.Join(programs, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask Postgres for its version: %w", err)
	}
	words := strings.Fields(string(version)) // postgres (PostgreSQL) 15.18 …
	if len(words) < 3 {
		return "", fmt.Errorf("postgres --version says %q, want a version as the third word", version)
	}
	name := "postgres-" + filepath.Base(words[2]) + "-" + clusterForm
	return filepath.Join(cache, "exodrive-tests", name), nil
}

// keep copies a new cluster to its place in the cache. It appears there whole, by
// one rename, because other test processes look for it at the same time; when one
// of them was faster, its copy stays.
func keep(data, kept string) error {
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(kept), "new-")
	if err != nil {
		return err
	}
	err = copyTree(data, filepath.Join(fresh, "data"), &account{})
	if err == nil {
		err = os.Rename(filepath.Join(fresh, "data"), kept)
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(fresh))
}

// copyTree copies a folder of folders and regular files, gives it to who and
// closes it to everybody else, which Postgres insists on.
func copyTree(from, to string, who *account) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			err = os.Mkdir(target, 0o700)
		} else {
			err = copyFile(path, target)
		}
		if err != nil {
			return err
		}
		return who.own(target)
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(target, source)
		err = errors.Join(err, target.Close())
	}
	return errors.Join(err, source.Close())
}
