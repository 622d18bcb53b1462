package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// Sizes of the databases. BENCH_POSTS is the large one of S5; two million take
// some minutes to write.
const (
	smallPosts  = 20_000
	usualPosts  = 200_000
	largeUsual  = 500_000
	largeWanted = 2_000_000
)

// goal is one line of the table.
type goal struct {
	id, what, wanted, figure, ratio string
	met                             bool
	notRun                          bool
}

func (g goal) number() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(g.id, "S")) // ids are S1, S2 …
	return n
}

func (g goal) verdict() string {
	switch {
	case g.notRun:
		return "not run"
	case g.met:
		return "met"
	}
	return "missed"
}

// report is the table.
type report struct{ goals []goal }

func (r *report) add(g goal) { r.goals = append(r.goals, g) }

// BenchmarkGoals measures everything once and prints the table. With
// BENCH_MARKDOWN the table is also written to that file, as PERFORMANCE.md has it.
// BENCH_ONLY picks parts: "pages,engine".
func BenchmarkGoals(b *testing.B) {
	dir := b.TempDir()
	bin := binaries{app: build(b, dir, "cmd/bandstand"), floor: build(b, dir, "internal/bench/floor")}
	r := &report{}
	for _, part := range []struct {
		name string
		run  func(*testing.B, binaries, *report)
	}{
		{"pages", measurePages}, {"growth", measureGrowth}, {"engine", measureEngine}, {"planning", measurePlanning}, {"work", measureWork},
	} {
		if only := os.Getenv("BENCH_ONLY"); only == "" || strings.Contains(only, part.name) {
			part.run(b, bin, r)
		}
	}
	b.ReportMetric(0, "ns/op")
	slices.SortStableFunc(r.goals, func(a, b goal) int { return cmp.Compare(a.number(), b.number()) })
	r.print(b)
}

// binaries are what is measured.
type binaries struct{ app, floor string }

func (r *report) print(b *testing.B) {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\n%s, %s\n\n", time.Now().UTC().Format(time.DateOnly), machine())
	fmt.Fprintln(w, "\twhat\tgoal\tfigure\tratio\t")
	for _, g := range r.goals {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", g.id, g.what, g.wanted, g.figure, g.ratio, g.verdict())
	}
	must(b, w.Flush())
	fmt.Println(out.String())
	if path := os.Getenv("BENCH_MARKDOWN"); path != "" {
		must(b, os.WriteFile(path, []byte(r.markdown()), 0o600))
	}
}

func (r *report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Measured on %s: %s.\n\n", time.Now().UTC().Format("2 January 2006"), machine())
	out.WriteString("| | what | goal | figure | ratio | |\n|---|---|---|---|---|---|\n")
	for _, g := range r.goals {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", g.id, g.what, g.wanted, g.figure, g.ratio, g.verdict())
	}
	return out.String()
}

// machine is the shape of the machine.
func machine() string {
	memory := ""
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := strings.Fields(string(info)); len(f) > 1 {
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				memory = fmt.Sprintf(", %d GiB", (kb+1<<19)>>20)
			}
		}
	}
	return fmt.Sprintf("%d cores%s, %s", runtime.NumCPU(), memory, strings.ToUpper(runtime.GOOS[:1])+runtime.GOOS[1:])
}

// Figures as people read them.

func ms(ns float64) string {
	switch {
	case ns < 100e3:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	case ns < 10e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
	return fmt.Sprintf("%.0f ms", ns/1e6)
}

func kb(n int64) string { return fmt.Sprintf("%.1f KB", float64(n)/1000) }
func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func times(r float64) string { return fmt.Sprintf("%.2f×", r) }

func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// furnished makes a scene in a directory of its own.
func furnished(b *testing.B, posts int) scene {
	begin := time.Now()
	dir := filepath.Join(b.TempDir(), "data")
	must(b, os.MkdirAll(dir, 0o700))
	s := furnish(b, dir, posts)
	fmt.Fprintf(os.Stderr, "furnished %s posts in %s\n", count(s.posts), time.Since(begin).Round(time.Second))
	return s
}
