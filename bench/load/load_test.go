package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The load test is green where the targets of the performance guide are met, on both
// kinds of stores, and red when a statement is slow or nothing is cached. It takes
// some three minutes and a k6, so it runs where EXO_LOAD is set: make load-proof.
func TestTargets(t *testing.T) {
	if os.Getenv("EXO_LOAD") == "" {
		t.Skip("EXO_LOAD is not set; make load-proof runs this")
	}
	t.Chdir("../..")
	k6, err := filepath.Abs("bin/k6")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(k6); err != nil {
		t.Fatalf("%v: run make bin/k6", err)
	}
	const missed = 99 // k6's word for it
	for _, stores := range []string{"embedded", "postgres"} {
		for broken, want := range map[string]int{"": 0, breakSlow: missed, breakNoCache: missed} {
			o := options{k6: k6, stores: stores, breaks: broken, rate: 200, duration: 10 * time.Second, warmup: 5 * time.Second}
			if code, err := run(t.Context(), o); code != want || err != nil {
				t.Errorf("on %s with %q broken k6 ended with %d, want %d; %v", stores, broken, code, want, err)
			}
		}
	}
}
