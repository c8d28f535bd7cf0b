package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// key is what a rate is of.
type key struct{ kind, server string }

// measured is one rate, and what the server's processes spent on each request,
// which hardly changes when others use the machine.
type measured struct {
	rate float64 // requests per second
	cpu  float64 // microseconds of a core
}

// table gathers rates and ratios over the rounds.
type table struct {
	title, how string
	headers    map[string]int // of an answer, by server
	rates      map[key][]measured
	order      []key
	ratios     []string
}

func newTable(title, how string) *table {
	return &table{title: title, how: how, headers: map[string]int{}, rates: map[key][]measured{}}
}

func (t *table) add(k key, m measured) {
	if t.rates[k] == nil {
		t.order = append(t.order, k)
	}
	t.rates[k] = append(t.rates[k], m)
}

// ratio compares two servers in one kind of request.
func (t *table) ratio(kind, of, to, target string) {
	t.ratioOf(kind+": "+of+" / "+to, key{kind, of}, key{kind, to}, target)
}

// ratioOf compares two rates round by round, and the time of a core that a request
// takes, the other way round, so that more is better in both.
func (t *table) ratioOf(name string, of, to key, target string) {
	var rates, cpus []float64
	for i, m := range t.rates[of] {
		rates = append(rates, m.rate/t.rates[to][i].rate)
		cpus = append(cpus, t.rates[to][i].cpu/m.cpu)
	}
	t.ratios = append(t.ratios, fmt.Sprintf("| %s | %.2f | %.2f–%.2f | %.2f | %.2f–%.2f | %s |", name,
		median(rates), slices.Min(rates), slices.Max(rates), median(cpus), slices.Min(cpus), slices.Max(cpus), target))
}

// print writes the table as Markdown: medians, and the least and the most.
func (t *table) print() {
	fmt.Printf("\n### %s\n\n%s. Thousands of requests per second: median, and the least and the most of a round; then the microseconds of a core that the server spends on each.\n\n", t.title, t.how)
	var kinds, servers []string
	for _, k := range t.order {
		if !slices.Contains(kinds, k.kind) {
			kinds = append(kinds, k.kind)
		}
		if !slices.Contains(servers, k.server) {
			servers = append(servers, k.server)
		}
	}
	slices.Sort(servers)
	fmt.Printf("| server | headers | %s |\n|---|---|%s\n", strings.Join(kinds, " | "), strings.Repeat("---|", len(kinds)))
	for _, server := range servers {
		fmt.Printf("| %s | %d |", server, t.headers[server])
		for _, kind := range kinds {
			var rates, cpus []float64
			for _, m := range t.rates[key{kind, server}] {
				rates, cpus = append(rates, m.rate/1e3), append(cpus, m.cpu)
			}
			if rates == nil {
				fmt.Print(" – |")
				continue
			}
			fmt.Printf(" %.1f (%.1f–%.1f) %.1f µs |", median(rates), slices.Min(rates), slices.Max(rates), median(cpus))
		}
		fmt.Println()
	}
	fmt.Printf("\n| ratio within a round | of rates | least–most | of core time | least–most | target |\n|---|---|---|---|---|---|\n%s\n", strings.Join(t.ratios, "\n"))
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// conditions are the machine and the versions.
func conditions() string {
	processor := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(text); found != nil {
			processor = string(found[1])
		}
	}
	return fmt.Sprintf("%s; %d cores (%s); %s, %s, %s", time.Now().Format(time.DateOnly), runtime.NumCPU(), processor,
		runtime.Version(), firstLine("nginx", "-v"), firstLine("varnishd", "-V"))
}

func firstLine(program, flag string) string {
	out, _ := exec.Command(program, flag).CombinedOutput() //nolint:noctx // it prints a line and ends
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return strings.TrimSpace(string(line))
}

// loadAverage is that of the last one, five and fifteen minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
