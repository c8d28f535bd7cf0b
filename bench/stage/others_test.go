package stage_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/exodrive/exodrive/bench/stage"
)

// What a measurement starts is its own, and is not taken for a disturbance.
func TestOthers(t *testing.T) {
	from := stage.Now()
	busy := exec.CommandContext(t.Context(), "/bin/sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	mine := stage.Now()
	if err := busy.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = busy.Wait() // it was killed
	if used := mine.Own() - from.Own(); used <= 0 {
		t.Errorf("a child that did nothing but work has used %v", used)
	}
	if share := stage.Others(from, mine); share < 0 || share > 1 {
		t.Errorf("others took %v of the machine", share)
	}
}
