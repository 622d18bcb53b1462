package bluesky

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func draw(t *testing.T, d platforms.Draft) *goquery.Selection {
	t.Helper()
	var b strings.Builder
	err := (&Bluesky{}).Preview(platforms.Preview{
		Account: platforms.Account{Name: "Riverside FC", Handle: "riversidefc.test"}, Draft: d,
		MediaURL: func(id string) string { return "/thumb/" + id }, T: func(key string, _ ...string) string { return "[" + key + "]" },
	}).Render(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Find(".pv-bluesky")
}

func TestPreviewShowsWhatWillBeSent(t *testing.T) {
	t.Parallel()
	card := draw(t, platforms.Draft{Text: "See https://riverside-fc.example/fixtures/2026-27\n\nand #come"})
	if got, want := card.Find(".pv-bluesky-text").Text(), "See riverside-fc.example/fixtures/202…\n\nand #come"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	var parts []string
	card.Find(".pv-bluesky-part").Each(func(_ int, s *goquery.Selection) { parts = append(parts, s.Text()) })
	if diff := cmp.Diff([]string{"riverside-fc.example/fixtures/202…", "#come"}, parts); diff != "" {
		t.Errorf("marked parts (-want +got):\n%s", diff)
	}
	if card.Find(".pv-bluesky-over, .pv-bluesky-note").Length() != 0 {
		t.Errorf("a short text is marked as too long")
	}
}

func TestPreviewStrikesOutWhatWillNotFit(t *testing.T) {
	t.Parallel()
	card := draw(t, platforms.Draft{Text: strings.Repeat("👩‍👩‍👧", 10) + strings.Repeat("a", 288) + " https://a.org/x end"})
	var over string
	card.Find("del.pv-bluesky-over").Each(func(_ int, s *goquery.Selection) { over += s.Text() })
	if over != ".org/x end" {
		t.Errorf("struck out is %q", over)
	}
	if got := card.Find(".pv-bluesky-note").Text(); got != "[bluesky.preview_over]" {
		t.Errorf("note is %q", got)
	}
	card = draw(t, platforms.Draft{Text: strings.Repeat("\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", 121)})
	if got := card.Find("del.pv-bluesky-over").Text(); len(got) != 25 {
		t.Errorf("beyond 3000 bytes %d are struck out, want 25", len(got))
	}
}

func TestPreviewShowsPicturesOrCard(t *testing.T) {
	t.Parallel()
	link := &platforms.Link{URL: "https://www.riverside-fc.example/x", Description: "When"}
	media := make([]platforms.Media, 5)
	media[1].Alt = "Kick-off"
	card := draw(t, platforms.Draft{Link: link, Media: media})
	if n := card.Find(".pv-bluesky-images img").Length(); n != 4 {
		t.Errorf("%d pictures, want 4", n)
	}
	if n := card.Find(".pv-bluesky-noalt").Length(); n != 3 {
		t.Errorf("%d pictures are said to lack a description, want 3", n)
	}
	if card.Find(".pv-bluesky-card").Length() != 0 {
		t.Errorf("a card beside pictures")
	}
	card = draw(t, platforms.Draft{Link: link}).Find(".pv-bluesky-card")
	if got := card.Find(".pv-bluesky-title").Text() + "|" + card.Find(".pv-bluesky-domain").Text(); got != "www.riverside-fc.example|www.riverside-fc.example" {
		t.Errorf("card says %q", got)
	}
}
