package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exodrive/exodrive"
)

// short is a time of work, span one of waiting.
func short(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

func bytes[N int64 | uint64](n N) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// reason is why something failed, for a reader who sees no log: nothing of a
// driver's chain.
func reason(err error) string {
	if e, ok := errors.AsType[*exodrive.Error](err); ok && e.Code == exodrive.Unavailable {
		return "the database does not answer, or all connections to it are taken"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it did not answer in time"
	}
	return err.Error()
}
