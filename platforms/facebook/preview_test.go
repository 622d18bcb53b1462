package facebook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestFold(t *testing.T) {
	t.Parallel()
	rules := (&facebook{}).Rules(platforms.Account{})
	long := strings.Repeat("ä", 500)
	for _, tc := range []struct {
		name     string
		text     string
		over     int
		computer bool
		want     parts
	}{
		{"short", "Hello", 0, false, parts{Shown: "Hello", FoldKey: "facebook.preview_fold_phone"}},
		{"long on a phone", long, 0, false, parts{Shown: long[:220], Folded: long[220:], FoldKey: "facebook.preview_fold_phone"}},
		{"long on a computer", long, 0, true, parts{Shown: long[:960], Folded: long[960:], FoldKey: "facebook.preview_fold_computer"}},
		{"six lines", "1\n2\n3\n4\n5\n6", 0, true, parts{Shown: "1\n2\n3\n4\n5", Folded: "\n6", FoldKey: "facebook.preview_fold_computer"}},
		{"too long", "Hello", 2, false, parts{Shown: "Hel", Over: "lo", FoldKey: "facebook.preview_fold_phone"}},
		{"more over than there is", "Hello", 9, false, parts{Over: "Hello", FoldKey: "facebook.preview_fold_phone"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := fold(platforms.Preview{Draft: platforms.Draft{Text: tc.text}, Over: tc.over, Computer: tc.computer}, rules)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://www.riverside.example/x?y": "RIVERSIDE.EXAMPLE", "http://a.example:8080/": "A.EXAMPLE", "://": "://",
	} {
		if got := domain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
