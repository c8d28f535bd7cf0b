package stage

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Memory is the resident memory of a process of this machine in bytes that is its own.
// What it has mapped of files, such as an embedded database, the kernel takes back when
// it wants, and does not count.
func Memory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`RssAnon:\s*(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("process %d tells no RssAnon", pid)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	return kib << 10, err
}

// Machine is the processor, the cores and the load of this machine in a line.
func Machine() string {
	processor := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(text); found != nil {
			processor = string(found[1])
		}
	}
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	return fmt.Sprintf("%d cores (%s), %s/%s, load average %s", runtime.NumCPU(), processor, runtime.GOOS, runtime.GOARCH, load)
}

// Commit is that of the tree in the present folder, "-dirty" with edits.
func Commit() string { return first("git", "describe", "--always", "--dirty", "--abbrev=10") }

// Versions are those of Go and of the servers that the programs named are.
func Versions(programs ...string) string {
	all := []string{runtime.Version()}
	for _, program := range programs {
		path := program
		if program == "postgres" {
			if folder, err := postgresPrograms(); err == nil {
				path = folder + "/postgres"
			}
		}
		all = append(all, first(path, "--version"))
	}
	return strings.Join(all, "; ")
}

func first(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output() //nolint:noctx // it prints a line and ends
	if err != nil {
		return program + " unknown"
	}
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return strings.TrimSpace(string(line))
}
