package sqlstore_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// openerSwitch makes TestOpener a process that opens databases.
const openerSwitch = "EXO_TEST_OPENER"

// However many processes open a file that was not there before, none is refused: four at once, again and again.
//
// Red when: the switch to a write-ahead log is tried once.
func TestManyOpenAtOnce(t *testing.T) {
	if !slices.Contains(exotest.Engines(), exotest.SQLite) {
		t.Skip("this run covers another engine")
	}
	t.Parallel()
	type opener struct {
		to   io.WriteCloser
		from *bufio.Reader
	}
	var openers []opener
	for range 4 {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpener$", "-test.count=1")
		process.Env = append(os.Environ(), openerSwitch+"=1")
		to, err := process.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		from, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = to.Close(); _ = process.Wait() })
		openers = append(openers, opener{to, bufio.NewReader(from)})
	}
	dir := t.TempDir()
	for round := range 300 {
		for _, o := range openers {
			if _, err := fmt.Fprintln(o.to, filepath.Join(dir, fmt.Sprint(round))); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range openers {
			if said, err := o.from.ReadString('\n'); err != nil || said != "opened\n" {
				t.Fatalf("file %d: %q (%v)", round, said, err)
			}
		}
	}
}

// TestOpener is one of the processes of TestManyOpenAtOnce: it opens what it is told.
func TestOpener(t *testing.T) {
	if os.Getenv(openerSwitch) == "" {
		return
	}
	for files := bufio.NewScanner(os.Stdin); files.Scan(); {
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: "sqlite:" + files.Text()})
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("opened")
	}
}
