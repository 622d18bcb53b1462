package x_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// card draws a preview.
func card(t *testing.T, d platforms.Draft) *goquery.Selection {
	t.Helper()
	var b bytes.Buffer
	err := x.New(platforms.Env{}).Preview(platforms.Preview{
		Account: platforms.Account{Name: "Riverside FC", Handle: "riversidefc"}, Draft: d,
		MediaURL: func(id string) string { return "/thumb/" + id },
		T:        func(key string, _ ...string) string { return "[" + key + "]" },
	}).Render(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Find(".pv-x")
}

func texts(s *goquery.Selection) []string {
	return s.Map(func(_ int, s *goquery.Selection) string { return s.Text() })
}

func TestPreviewKeepsTheTextAsItIs(t *testing.T) {
	t.Parallel()
	text := "Trials: https://riverside.org/u12,\n  with @countyleague  and #Fußball #1 (see u12.org)."
	c := card(t, platforms.Draft{Text: text})
	if got := c.Find(".pv-x-text").Text(); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	want := []string{"https://riverside.org/u12", "@countyleague", "#Fußball", "u12.org"}
	if diff := cmp.Diff(want, texts(c.Find(".pv-x-link"))); diff != "" {
		t.Errorf("marked (-want +got):\n%s", diff)
	}
}

func TestPreviewStrikesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	c := card(t, platforms.Draft{Text: strings.Repeat("語", 140) + "ab"})
	if got := c.Find("s.pv-x-over").Text(); got != "ab" {
		t.Errorf("struck is %q, want the last two letters", got)
	}
	if !strings.Contains(c.Text(), "[x.preview_too_long]") {
		t.Errorf("nothing says in words that it will not fit: %s", c.Text())
	}
}

func TestPreviewShowsTheAddressThatWillBeAdded(t *testing.T) {
	t.Parallel()
	c := card(t, platforms.Draft{Text: "Trials", Link: &platforms.Link{URL: "https://www.riverside.org/u12"}})
	if got, want := c.Find(".pv-x-text").Text(), "Trials\nhttps://www.riverside.org/u12"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.Find(".pv-x-card .pv-x-domain").Text(); got != "riverside.org" {
		t.Errorf("the card names %q", got)
	}
}

func TestPreviewDrawsPicturesInsteadOfTheCard(t *testing.T) {
	t.Parallel()
	c := card(t, platforms.Draft{
		Link:  &platforms.Link{URL: "https://riverside.org"},
		Media: []platforms.Media{{ID: "a", Alt: "A ball"}, {ID: "b"}, {ID: "c"}, {ID: "d"}, {ID: "e"}},
	})
	if n := c.Find(".pv-x-media[data-n='4'] img").Length(); n != 4 {
		t.Errorf("%d pictures are drawn, X shows 4", n)
	}
	if c.Find(".pv-x-card").Length() != 0 {
		t.Errorf("pictures and card are both drawn")
	}
	if got := texts(c.Find("figcaption")); len(got) != 3 {
		t.Errorf("pictures without description: %q", got)
	}
}
