package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of /proc/PID/stat, the same on every Linux.
const tick = 10 * time.Millisecond

// coreTime is what a process and those it has started have spent on the cores, in
// the program and in the system for it.
func coreTime(pid int) time.Duration {
	ticks := map[int]time.Duration{}
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		one, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		// The name, in brackets, may hold anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		number := func(i int) int { n, _ := strconv.Atoi(string(fields[i])); return n }
		parents[one] = number(1)
		ticks[one] = tick * time.Duration(number(11)+number(12))
	}
	all := time.Duration(0)
	for one := range parents {
		for up := one; up > 1; up = parents[up] {
			if up == pid {
				all += ticks[one]
				break
			}
		}
	}
	return all
}
