package exotest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The newest release wins by number and not by letter, half an installation does not count, and a machine without Postgres is told the command that installs it.
func TestPostgresPrograms(t *testing.T) {
	install := func(root, release string, programs ...string) {
		for _, program := range programs {
			path := filepath.Join(root, release, "bin", program)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", t.TempDir())

	root := t.TempDir()
	install(root, "9", "initdb", "postgres")
	if _, err := postgresPrograms(root); err == nil || !strings.Contains(err.Error(), "run scripts/setup") {
		t.Errorf("with release 9 alone the error is %v, want one that names scripts/setup", err)
	}
	install(root, "15", "initdb", "postgres")
	install(root, "17", "initdb", "postgres")
	install(root, "18", "pg_dump")
	if got, err := postgresPrograms(root); err != nil || got != filepath.Join(root, "17", "bin") {
		t.Errorf("of 9, 15, 17 and the clients of 18 it chose %q (%v), want 17", got, err)
	}
}

// A server that cannot start fails the test with the server's own words.
func TestStartFailureSaysWhy(t *testing.T) {
	folder := t.TempDir()
	p, err := start(&account{}, folder, "KILL", "/bin/sh", "-c", "echo the disk is full >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = p.await(func() bool { return false })
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the error is %v, want the exit status and what was printed", err)
	}
}
