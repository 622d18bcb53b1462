package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// The forms in which code cites .github/RULES.md. Words of a comment that goes
// over several lines are read as one line.
var (
	citedRules = regexp.MustCompile(`\brules? ([PDWUOA]\d+(?:(?:, | and |–)[PDWUOA]\d+)*)`)
	oneRule    = regexp.MustCompile(`([PDWUOA])(\d+)(–)?`)
	citedKind  = regexp.MustCompile(`\bT-[A-Z]+(?:-[A-Z0-9]+)?\b`)
	broken     = regexp.MustCompile(`\n\s*(?://|--|#|\*)[ \t]*`)
	ruleLine   = regexp.MustCompile(`(?m)^\| ([PDWUOA]\d+) \|`)
	namedTests = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	testFunc   = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	foreignDoc = regexp.MustCompile(`\b[a-z][a-z-]*\.md\b`)
)

// TestRulesAreThoseOfThePage holds the rules that code cites and the page of rules
// together, and keeps out references to papers that are not in the repository.
func TestRulesAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(e2ekit.Root, ".github", "RULES.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	stated := map[string]bool{} // and whether it is cited
	for _, m := range ruleLine.FindAllStringSubmatch(page, -1) {
		stated[m[1]] = false
	}
	for _, ext := range []string{".go", ".templ", ".js", ".css", ".sql", ".toml"} {
		e2ekit.Walk(t, ext, func(name string, src []byte) {
			if strings.HasSuffix(name, "_templ.go") || strings.HasPrefix(name, "static/vendor/") || strings.HasSuffix(name, "rules_test.go") {
				return
			}
			text := broken.ReplaceAllString(string(src), " ")
			for _, rule := range rulesIn(text) {
				if _, ok := stated[rule]; !ok {
					t.Errorf("%s cites rule %s, which RULES.md does not state", name, rule)
				}
				stated[rule] = true
			}
			for _, kind := range citedKind.FindAllString(text, -1) {
				if !strings.Contains(page, kind) {
					t.Errorf("%s cites %s, which RULES.md does not name", name, kind)
				}
			}
			if ext == ".sql" { // steps that ran somewhere stay as they are
				return
			}
			for _, paper := range foreignDoc.FindAllString(text, -1) {
				if !slices.Contains([]string{"faults.md", "transitions.md"}, paper) {
					t.Errorf("%s refers to %s, which a reader does not have", name, paper)
				}
			}
		})
	}
	for rule, cited := range stated {
		if !cited {
			t.Errorf("rule %s is cited nowhere", rule)
		}
	}
}

// rulesIn lists the rules that a text cites; U1–U3 are three.
func rulesIn(text string) []string {
	var rules []string
	for _, m := range citedRules.FindAllStringSubmatch(text, -1) {
		from := 0 // where a range begins
		for _, one := range oneRule.FindAllStringSubmatch(m[1], -1) {
			n, _ := strconv.Atoi(one[2])
			for i := max(from, 1); from > 0 && i < n; i++ {
				rules = append(rules, one[1]+strconv.Itoa(i))
			}
			rules = append(rules, one[1]+one[2])
			if from = 0; one[3] != "" {
				from = n + 1
			}
		}
	}
	return rules
}

// TestPapersNameTestsThatExist: a paper that names a proof which is gone promises
// too much.
func TestPapersNameTestsThatExist(t *testing.T) {
	t.Parallel()
	exist := map[string]bool{}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		if strings.HasSuffix(name, "_test.go") {
			for _, m := range testFunc.FindAllSubmatch(src, -1) {
				exist[string(m[1])] = true
			}
		}
	})
	papers, err := filepath.Glob(filepath.Join(e2ekit.Root, ".github", "*.md"))
	if err != nil || len(papers) == 0 {
		t.Fatalf("%d papers, %v", len(papers), err)
	}
	for _, paper := range append(papers, filepath.Join(e2ekit.Root, "README.md")) {
		b, err := os.ReadFile(paper)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedTests.FindAllStringSubmatch(string(b), -1) {
			if !exist[m[1]] {
				t.Errorf("%s names %s, which does not exist", filepath.Base(paper), m[1])
			}
		}
	}
}
