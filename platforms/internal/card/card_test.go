package card

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestCut(t *testing.T) {
	t.Parallel()
	rules := platforms.FormatRules{
		Text: []platforms.TextRule{
			{Unit: "hashtags", Max: 1, Side: true, Measure: func(s string) int { return strings.Count(s, "#") }},
			{Unit: "characters", Max: 40, Measure: utf8.RuneCountInString},
		},
		Link: platforms.LinkRules{InTextWithMedia: true}, FoldPhone: 20, FoldComputer: 30,
	}
	for _, tc := range []struct {
		name     string
		text     string
		computer bool
		lines    int
		want     Text
	}{
		{"short", "Hello", false, 5, Text{Seen: "Hello"}},
		{"empty", "", false, 5, Text{}},
		{"at a word", "Under-12 trials are open", false, 5, Text{Seen: "Under-12 trials are", Folded: "open"}},
		{"exactly between words", "Under-12 trials arex open", false, 5, Text{Seen: "Under-12 trials arex", Folded: "open"}},
		{"no space to cut at", strings.Repeat("ä", 25), false, 5, Text{Seen: strings.Repeat("ä", 20), Folded: strings.Repeat("ä", 5)}},
		{"later on a computer", "Under-12 trials are open", true, 5, Text{Seen: "Under-12 trials are open"}},
		{"third line", "1\n2\n3", false, 2, Text{Seen: "1\n2", Folded: "3"}},
		{"blank lines at the end are not sent", "1\n2\n\n\n", false, 2, Text{Seen: "1\n2"}},
		{
			"too long", strings.Repeat("a", 20) + strings.Repeat("b", 20) + "c", false, 5,
			Text{Seen: strings.Repeat("a", 20), Folded: strings.Repeat("b", 20), Over: "c"},
		},
		{"side rules cut nothing", "# # #", false, 5, Text{Seen: "# # #"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := Cut(rules, platforms.Draft{Text: tc.text}, tc.computer, tc.lines)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutShowsTheTextThatIsSent(t *testing.T) {
	t.Parallel()
	rules := platforms.FormatRules{Link: platforms.LinkRules{InTextWithMedia: true}, FoldPhone: 100}
	d := platforms.Draft{Text: "Hello", Link: &platforms.Link{URL: "https://a.example/"}, Media: make([]platforms.Media, 1)}
	if got := Cut(rules, d, false, 5); got.Seen != "Hello\nhttps://a.example/" {
		t.Errorf("got %+v", got)
	}
}

func TestInitial(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"Riverside": "R", " ärger": "Ä", "": "", "  ": "", "⚽ Club": "⚽"} {
		if got := Initial(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestACommentShowsAllOfItsText: what does not fit is told apart, and nothing is
// folded away.
func TestACommentShowsAllOfItsText(t *testing.T) {
	t.Parallel()
	rules := platforms.FormatRules{
		Text: []platforms.TextRule{{Unit: "characters", Max: 20, Measure: utf8.RuneCountInString}}, FoldPhone: 5,
	}
	p := platforms.Preview{
		Account: platforms.Account{Name: "Riverside <FC>"}, Draft: platforms.Draft{Text: "Sign up:\nbring <b>boots and water"},
	}
	var b strings.Builder
	if err := Comment("tin", p, rules, "will not fit").Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<article class="pv-tin pv-tin-comment">`, "Riverside &lt;FC&gt;", "Sign up:\nbring &lt;b&gt;bo</span>", "will not fit", "ots and water</del>",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the comment lacks %q:\n%s", want, b.String())
		}
	}
	if css := CommentCSS("tin"); strings.Contains(css, "pv-id") || !strings.Contains(css, ".pv-tin-comment-bubble {") {
		t.Errorf("styles are not those of the platform:\n%s", css)
	}
}
