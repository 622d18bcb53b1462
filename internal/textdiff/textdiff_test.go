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
