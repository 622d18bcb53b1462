//go:build !race

package club

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/transitions.md anew")

// moments are when events happen: before a delivery is due, in time, after some
// tries, at the end of grace, beyond it.
var moments = []time.Duration{-time.Minute, time.Minute, 20 * time.Minute, 2 * time.Hour, 3 * time.Hour}

// TestTransitionsAreThoseOfThePage compares the table, as it really works, with
// testdata/transitions.md, which people read. After
// a change that is meant, go test ./internal/club -update writes the file.
func TestTransitionsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	const file = "testdata/transitions.md"
	got := printTable(t)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the table works otherwise than %s says (-file +code):\n%s", file, diff)
	}
}

// happened is what a row made of the deliveries of one state.
type happened struct {
	times int
	ends  map[end]map[string]int // where it led, with how often each fact was committed
	refus bool
}

type end struct {
	to   place
	work Work
}

// observe applies every event to every state, and notes what each row of the
// table did in each state.
func observe(t *testing.T) map[place]map[*rule]*happened {
	t.Helper()
	seen := map[place]map[*rule]*happened{}
	for i := range table {
		for _, p := range table[i].from {
			if seen[p] == nil {
				seen[p] = map[*rule]*happened{}
			}
			seen[p][&table[i]] = &happened{ends: map[end]map[string]int{}}
		}
	}
	happenings := slices.Collect(allHappenings)
	for d := range allDeliveries {
		rows := seen[place{d.Status, d.Phase}]
		kinds := map[EventKind]bool{}
		for r := range rows {
			kinds[r.on] = true
		}
		for _, e := range happenings {
			if !kinds[e.Kind] {
				continue
			}
			for _, after := range moments {
				turn := &turn{now: noon.Add(after), e: e, was: d, Change: Change{To: d, Work: Rest}}
				r := turn.rule()
				if r == nil {
					continue
				}
				h := rows[r]
				h.times++
				if r.then(turn) != nil {
					h.refus = true
					continue
				}
				at := end{place{turn.To.Status, turn.To.Phase}, turn.Work}
				if h.ends[at] == nil {
					h.ends[at] = map[string]int{}
				}
				for _, fact := range append(factsOf(d, turn.Change), "") {
					h.ends[at][fact]++
				}
			}
		}
	}
	return seen
}

// factsOf names what a change commits, beside the new state.
func factsOf(was Delivery, c Change) []string {
	var facts []string
	for _, f := range []struct {
		holds bool
		says  string
	}{
		{c.Opens, "an attempt begins"},
		{c.Closes != "", "the attempt ended: " + strings.ReplaceAll(string(c.Closes), "_", " ")},
		{c.Proof != "", "what proved it"},
		{c.To.RemoteID != was.RemoteID, "its id"},
		{c.Freezes, "what goes out is fixed"},
		{c.Thaws, "what goes out is given up"},
		{c.Voids, "steps are given up"},
		{c.Keeps != nil, "what the call left"},
		{c.To.Generation != was.Generation, "another generation"},
		{c.To.TriesTransient > was.TriesTransient, "a try is used up"},
		{c.To.TriesTransient < was.TriesTransient, "tries begin anew"},
		{c.To.Unknowns > was.Unknowns, "an outcome was lost"},
		{c.To.Looks > was.Looks, "a look that saw the same"},
		{c.To.Renewals > was.Renewals, "a renewal is used up"},
		{c.To.Remakes > was.Remakes, "a remake is used up"},
		{!was.UnknownSince.IsZero() && c.To.UnknownSince.IsZero(), "nothing is open"},
		{!c.Blocks.IsZero(), "the account rests"},
		{c.Breaks, "the account needs reconnecting"},
		{c.Outdates, "the account waits for an update"},
		{c.Notice != "", "people are told: " + c.Notice},
	} {
		if f.holds {
			facts = append(facts, f.says)
		}
	}
	for _, n := range c.Timeline {
		facts = append(facts, "timeline: "+strings.ReplaceAll(n.Kind, "_", " "))
	}
	return facts
}

const tableHead = `# Transitions

Made from the table of transition.go by applying every event to every state; compared with it by
TestTransitionsAreThoseOfThePage. Within a state and an event the first line that fits decides. "then" is what the
engine does once the facts are committed. A fact in (brackets) is not committed each time.
Row numbers are those of the table of the design; P rows are its rules.
`

func printTable(t *testing.T) string {
	t.Helper()
	source := readSource(t)
	seen := observe(t)
	var b strings.Builder
	b.WriteString(tableHead)
	places := slices.SortedFunc(maps.Keys(seen), func(a, b place) int {
		return cmp.Or(slices.Index(statusOrder, a.status)-slices.Index(statusOrder, b.status), slices.Index(phaseOrder, a.phase)-slices.Index(phaseOrder, b.phase))
	})
	var bodies []string
	named := map[string][]string{}
	for _, p := range places {
		body := source.section(t, p, seen[p])
		if named[body] == nil {
			bodies = append(bodies, body)
		}
		named[body] = append(named[body], p.String())
	}
	for _, body := range bodies {
		fmt.Fprintf(&b, "\n## %s\n\n%s", strings.Join(named[body], ", "), body)
	}
	b.WriteString("\n## The conditions\n\n")
	for _, name := range slices.Sorted(maps.Keys(source.used)) {
		fmt.Fprintf(&b, "- **%s**: %s\n", words(name), source.docs[name])
	}
	return b.String()
}

var (
	statusOrder = []Status{Draft, Cancelled, Scheduled, Publishing, Published, Failed, NeedsAttention}
	phaseOrder  = []Phase{
		Waiting, Blocked, AfterPart, Preparing, Processing, Ready, Backoff, Sending, Reconciling, Linked, Unlinked,
		Refused, Exhausted, MediaRefused, CancelledByPlatform, Late, Held, Reconnect, Restored, Clone, ClockInDoubt, Partial, Ambiguous, DuplicateSuspect,
	}
)

func (p place) String() string {
	if p.phase == "" {
		return string(p.status)
	}
	return string(p.status) + "/" + string(p.phase)
}

// section prints the rows of one state.
func (s *source) section(t *testing.T, p place, rows map[*rule]*happened) string {
	t.Helper()
	lines := [][]string{{"event", "row", "if", "to", "facts committed first", "then"}}
	for i := range table {
		h, ok := rows[&table[i]]
		if !ok {
			continue
		}
		if h.times == 0 && !s.shadowed(p, i) {
			t.Errorf("row %s (%s, %s) never decides at %s: leave the state out of it, or give this test a case", table[i].row, table[i].on, s.when[i], p)
		}
		first := []string{words(string(table[i].on)), table[i].row, s.when[i]}
		if h.refus {
			lines = append(lines, append(slices.Clone(first), "refused", "", ""))
		}
		for _, at := range slices.SortedFunc(maps.Keys(h.ends), func(a, b end) int {
			return cmp.Or(cmp.Compare(a.to.String(), b.to.String()), cmp.Compare(a.work, b.work))
		}) {
			to := at.to.String()
			if at.to == p {
				to = "stays"
			}
			lines = append(lines, append(slices.Clone(first), to, facts(h.ends[at]), string(at.work)))
			first = []string{"", "", ""}
		}
	}
	return grid(lines)
}

// shadowed tells whether an earlier row of the same event and state always
// fits.
func (*source) shadowed(p place, i int) bool {
	return slices.ContainsFunc(table[:i], func(r rule) bool { return r.on == table[i].on && r.when == nil && slices.Contains(r.from, p) })
}

// facts joins what was committed; what was not committed each time stands in
// brackets.
func facts(counted map[string]int) string {
	all := counted[""]
	var always, sometimes []string
	for _, f := range slices.Sorted(maps.Keys(counted)) {
		switch {
		case f == "":
		case counted[f] == all:
			always = append(always, f)
		default:
			sometimes = append(sometimes, "("+f+")")
		}
	}
	return strings.Join(append(always, sometimes...), "; ")
}

// grid aligns the columns of a table in Markdown.
func grid(lines [][]string) string {
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i := range line {
			b.WriteString("|" + strings.Repeat("-", width[i]+2))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// source is what only the text of this package tells: how conditions are called.
type source struct {
	when []string          // of each row of the table, in words
	docs map[string]string // the comment of each condition
	used map[string]bool
}

func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{docs: map[string]string{}, used: map[string]bool{}}
	names, err := filepath.Glob("t*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				doc := strings.Join(strings.Fields(fn.Doc.Text()), " ")
				s.docs[fn.Name.Name] = strings.TrimPrefix(doc, fn.Name.Name+": ")
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == "table" {
				for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
					s.when = append(s.when, s.words(row.(*ast.CompositeLit).Elts[3]))
				}
			}
			return true
		})
	}
	if len(s.when) != len(table) {
		t.Fatalf("the source has %d rows, the table %d", len(s.when), len(table))
	}
	for name := range s.used {
		if s.docs[name] == "" {
			t.Errorf("condition %s needs a comment for the table", name)
		}
	}
	return s
}

// words puts a condition into words: (*turn).isLate is "is late",
// last(sees(platforms.SeenPublic)) is "last: sees: seen public".
func (s *source) words(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return "always" // nil
	case *ast.SelectorExpr:
		if _, method := e.X.(*ast.ParenExpr); method {
			s.used[e.Sel.Name] = true
		}
		return words(e.Sel.Name)
	case *ast.CallExpr:
		name := e.Fun.(*ast.Ident).Name
		s.used[name] = true
		var args []string
		for _, a := range e.Args {
			args = append(args, s.words(a))
		}
		return words(name) + ": " + strings.Join(args, " or ")
	}
	return types.ExprString(e)
}

// words writes isLate and sends_now as people write.
func words(name string) string {
	var b strings.Builder
	for i, r := range strings.ReplaceAll(name, "ID", "Id") {
		switch {
		case r == '_':
			r = ' '
		case unicode.IsUpper(r) && i > 0:
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
