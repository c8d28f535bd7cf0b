package bench

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/exodrive/exodrive/exotest"
)

// BenchmarkStart starts the built program on an empty database and measures the
// time to its first answer, and the size of the program.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "exodrive")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/exodrive/exodrive/cmd/exodrive")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	for _, engine := range exotest.Engines() {
		for _, demo := range []bool{false, true} {
			name := engine + map[bool]string{false: "-empty", true: "-demo"}[demo]
			b.Run(name, func(b *testing.B) {
				var all time.Duration
				for range b.N {
					url := "sqlite:" + filepath.Join(b.TempDir(), "exodrive.db")
					if engine != exotest.SQLite {
						url = exotest.Postgres(b)
					}
					all += firstAnswer(b, program, url, demo)
				}
				b.ReportMetric(ms(all)/float64(b.N), "ms-to-first-answer")
				b.ReportMetric(map[bool]float64{false: 2000, true: 4000}[demo], "target-ms")
				b.ReportMetric(float64(info.Size())/1e6, "MB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// firstAnswer is the time from the start of the process to a 200 of the list.
func firstAnswer(b *testing.B, program, database string, demo bool) time.Duration {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, "serve")
	cmd.Env = append(os.Environ(), "EXO_ADDR="+addr, "EXO_OPS_ADDR=", "DATABASE_URL="+database, fmt.Sprint("EXO_DEMO=", demo))
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // how it ends is not measured
	}()
	for time.Since(begin) < 30*time.Second {
		if resp, err := http.Get("http://" + addr + "/api/cars"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(begin)
			}
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatal("no answer within 30 s")
	return 0
}
