package pseudo

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

func TestMessagesAreLongerAndInBrackets(t *testing.T) {
	t.Parallel()
	english := fstest.MapFS{"en.toml": {Data: []byte(`
pseudo_posts = { one = "1 post to decide", other = "{{.n}} posts to decide" }
pseudo_greeting = "Hello {{.name}}, good to see you"
pseudo_number = "{{.n}} · {{.m}}"
`)}}
	foreign, err := Messages(english)
	if err != nil {
		t.Fatal(err)
	}
	words, err := i18n.Load(english, foreign)
	if err != nil {
		t.Fatal(err)
	}
	lang := words.Choose("eo,en;q=0.5")
	if lang != Language {
		t.Fatalf("chose %q among %v", lang, words.Languages())
	}
	for got, says := range map[string]string{
		words.Text(lang, "pseudo_greeting", "name", "Maeve"): "Maeve, göö",
		words.Count(lang, "pseudo_posts", 1):                 "1 pö",
		words.Count(lang, "pseudo_posts", 7):                 "7 pö",
	} {
		if !strings.HasPrefix(got, Open) || !strings.HasSuffix(got, Close) || !strings.Contains(got, says) {
			t.Errorf("%q, want %q in brackets", got, says)
		}
	}
	if got := words.Text(lang, "pseudo_number", "n", "1", "m", "2"); got != "1 · 2" {
		t.Errorf("what holds no word became %q", got)
	}
	for _, wish := range []string{"", "de", "en-GB,en", "nonsense;;", "fr-CA"} {
		if got := words.Choose(wish); got != i18n.Language {
			t.Errorf("%q leads to %q", wish, got)
		}
	}
	if got := words.Choose("", "eo"); got != Language {
		t.Errorf("the second wish leads to %q", got)
	}
}
