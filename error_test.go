package exodrive_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
)

// TestErrorKeepsCauseApart: The sentence for people never contains the cause,
// which only operators see, and which stays in the chain.
func TestErrorKeepsCauseApart(t *testing.T) {
	plain := exodrive.Errorf(exodrive.Unavailable, "The %s is away; try again.", "database")
	e := plain.On("/carId").Because(io.ErrUnexpectedEOF)
	if e.Message != "The database is away; try again." || e.Field != "/carId" || e.Code != exodrive.Unavailable {
		t.Errorf("error = %+v", e)
	}
	if !errors.Is(e, io.ErrUnexpectedEOF) || !strings.Contains(e.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Errorf("%v has lost its cause", e)
	}
	if plain.Field != "" || plain.Unwrap() != nil {
		t.Error("On or Because changed the error they were called on")
	}
}

// TestCodeOf: The code of a failure is found through any wrapping; a failure
// without one is ours.
func TestCodeOf(t *testing.T) {
	wrapped := fmt.Errorf("book: %w", exodrive.Errorf(exodrive.Conflict, "Taken."))
	for want, err := range map[exodrive.Code]error{"": nil, exodrive.Conflict: wrapped, exodrive.Internal: io.EOF} {
		if got := exodrive.CodeOf(err); got != want {
			t.Errorf("CodeOf(%v) = %q, want %q", err, got, want)
		}
	}
}
