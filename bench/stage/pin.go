package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// Apart gives the servers of the stage the first half of the cores and this process
// the others, so that a generator of calls takes nothing from what it measures. It
// says in words how the machine is shared.
func (s *Stage) Apart(ctx context.Context) string {
	half := runtime.NumCPU() / 2
	taskset, err := exec.LookPath("taskset")
	if err != nil || half == 0 {
		return "generator, server and databases share all cores"
	}
	servers, others := fmt.Sprintf("0-%d", half-1), fmt.Sprintf("%d-%d", half, runtime.NumCPU()-1)
	if err := exec.CommandContext(ctx, taskset, "-acp", others, strconv.Itoa(os.Getpid())).Run(); err != nil {
		return "generator, server and databases share all cores"
	}
	runtime.GOMAXPROCS(runtime.NumCPU() - half)
	s.pin = []string{taskset, "-c", servers}
	return fmt.Sprintf("server and databases on cores %s, generator on cores %s", servers, others)
}
