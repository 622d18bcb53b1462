package textdiff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first, second string
		want          []Part
	}{
		"same":    {"a b", "a b", []Part{{Both, "a b"}}},
		"empty":   {"", "", nil},
		"added":   {"a ", "a b", []Part{{Both, "a "}, {Second, "b"}}},
		"changed": {"Bring boots today", "Bring water today", []Part{{Both, "Bring "}, {First, "boots "}, {Second, "water "}, {Both, "today"}}},
		"lines":   {"one\ntwo", "one\nthree", []Part{{Both, "one\n"}, {First, "two"}, {Second, "three"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Words(tt.first, tt.second)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzWordsLosesNothing(f *testing.F) {
	f.Add("a b c", "a x c")
	f.Add(" lead", "trail ")
	f.Fuzz(func(t *testing.T, first, second string) {
		var a, b strings.Builder
		for _, p := range Words(first, second) {
			if p.In != Second {
				a.WriteString(p.Text)
			}
			if p.In != First {
				b.WriteString(p.Text)
			}
		}
		if a.String() != first || b.String() != second {
			t.Errorf("%q and %q came back as %q and %q", first, second, a.String(), b.String())
		}
	})
}

func TestManyComparisonsShareOneBudget(t *testing.T) {
	t.Parallel()
	was, is := strings.Repeat("a b c ", 200), strings.Repeat("x b y ", 200)
	budget, wordwise, whole := NewBudget(), 0, 0
	for range 50 {
		parts := budget.Words(was, is)
		if len(parts) > 2 {
			wordwise++
		} else {
			whole++
		}
		var first, second strings.Builder
		for _, p := range parts {
			if p.In != Second {
				first.WriteString(p.Text)
			}
			if p.In != First {
				second.WriteString(p.Text)
			}
		}
		if first.String() != was || second.String() != is {
			t.Fatal("a text came back as another")
		}
	}
	// 601 × 601 cells fit eleven times.
	if wordwise != 11 || whole != 39 {
		t.Errorf("%d were compared word by word, %d as a whole; want 11 and 39", wordwise, whole)
	}
	if cap(budget.table) > maxCells {
		t.Errorf("the table has %d cells", cap(budget.table))
	}
}

func TestLongTextsAreComparedWithoutCopyingThem(t *testing.T) {
	was, is := "a", strings.Repeat("b ", 40_000)
	least := testing.AllocsPerRun(3, func() { Words(was, is) })
	if least > 100 {
		t.Errorf("comparing %d words made %v allocations", 40_000, least)
	}
	parts := Words(strings.Repeat("b ", 1000), strings.Repeat("b c ", 1000))
	if len(parts) != 2000 {
		t.Errorf("%d parts, want 2000", len(parts))
	}
}
