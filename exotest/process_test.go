package exotest_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exodrive/exodrive/exotest"
)

// victim says to a copy of this test binary that it is the one to be killed.
const victim = "EXOTEST_VICTIM"

// A test run that is killed leaves neither its Postgres nor its folder behind.
func TestServersEndWithAKilledRun(t *testing.T) {
	t.Parallel()
	_ = exotest.Postgres(t) // skips when this run leaves Postgres out
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	run := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestVictim$", "-test.v")
	run.Env = append(os.Environ(), victim+"=1")
	output, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	url, folder := "", ""
	for lines := bufio.NewScanner(output); folder == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VICTIM "); ok {
			url, folder, _ = strings.Cut(rest, " ")
		}
	}
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = run.Wait() // "signal: killed"
	if folder == "" {
		t.Fatal("the other run did not start its Postgres")
	}

	for ctx.Err() == nil {
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			break
		}
		time.Sleep(10 * time.Millisecond) // nothing signals the end of a process that is not ours
	}
	if _, err := os.Stat(folder); err == nil {
		t.Errorf("%s is still there", folder)
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		_ = conn.Close(t.Context())
		t.Errorf("%s still answers", url)
	}
}

// TestVictim starts a Postgres and waits to be killed; alone it does nothing.
func TestVictim(t *testing.T) {
	if os.Getenv(victim) == "" {
		return
	}
	url := exotest.Postgres(t)
	var data string
	if err := connect(t, url).QueryRow(t.Context(), "SHOW data_directory").Scan(&data); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("VICTIM " + url + " " + strings.TrimSuffix(data, "/data") + "\n")
	select {}
}
