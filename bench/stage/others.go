package stage

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Ticks is how much of the processors was used until an instant, in the kernel's
// hundredths of a second.
type Ticks struct {
	all, idle, own float64
}

// Now reads it. What cannot be read counts as nothing.
func Now() Ticks {
	t := Ticks{own: own(os.Getpid(), processes())}
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	const idle, iowait, guest = 4, 5, 9 // columns; guests are in the first, too
	for i, field := range strings.Fields(line) {
		n, _ := strconv.ParseFloat(field, 64)
		switch {
		case i == idle || i == iowait:
			t.idle += n
		case i < guest:
			t.all += n
		}
	}
	return t
}

// Own is how much of it this process and what it started used.
func (t Ticks) Own() float64 { return t.own }

// Others is the share of this machine's processors, from 0 to 1, that programs other
// than this one and what it started took between two instants, and other machines on
// the same host.
func Others(from, to Ticks) float64 {
	used := to.all - from.all
	whole := used + to.idle - from.idle
	if whole <= 0 {
		return 0
	}
	return max(0, used-(to.own-from.own)) / whole
}

// Disturbed is the share of others from which on a figure says more of them than of what
// is measured.
const Disturbed = 0.1

// AwaitQuiet waits until others leave the machine alone, at most for so long.
func AwaitQuiet(ctx context.Context, longest time.Duration) {
	for deadline := time.Now().Add(longest); time.Now().Before(deadline) && ctx.Err() == nil; {
		before := Now()
		time.Sleep(time.Second)
		if Others(before, Now()) < Disturbed {
			return
		}
	}
}

// process is a line of /proc/PID/stat.
type process struct {
	parent int
	used   float64 // its own and that of the children that it has outlived
}

func processes() map[int]process {
	all := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		text, _ := os.ReadFile(file) // it may have ended
		// The name, in parentheses, may hold anything.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		const parent, utime, cstime = 1, 11, 14
		if len(fields) <= cstime {
			continue
		}
		var p process
		p.parent, _ = strconv.Atoi(fields[parent])
		for _, field := range fields[utime : cstime+1] {
			n, _ := strconv.ParseFloat(field, 64)
			p.used += n
		}
		all[pid] = p
	}
	return all
}

// own is what a process and all below it have used.
func own(pid int, all map[int]process) float64 {
	used := all[pid].used
	for child, p := range all {
		if p.parent == pid {
			used += own(child, all)
		}
	}
	return used
}
