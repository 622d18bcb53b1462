package linkedin_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
)

// card draws a preview.
func card(t *testing.T, d platforms.Draft, computer bool) *goquery.Selection {
	t.Helper()
	var b bytes.Buffer
	err := linkedin.New(platforms.Env{}).Preview(platforms.Preview{
		Account: platforms.Account{Name: "Riverside FC"}, Draft: d, Computer: computer,
		MediaURL: func(id string) string { return "/thumb/" + id },
		T:        func(key string, args ...string) string { return "[" + key + strings.Join(args, "=") + "]" },
	}).Render(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Find(".pv-linkedin")
}

func TestPreviewFoldsLongText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 300)
	for _, c := range []struct {
		name, text string
		computer   bool
		seen       int
		word       string
	}{
		{"short", "Trials  on\nSaturday", false, 19, ""},
		{"long on a phone", long, false, 140, "[linkedin.preview_fold_phone]"},
		{"long on a computer", long, true, 210, "[linkedin.preview_fold_computer]"},
		{"many lines", "a\nb\nc\nd\ne", false, 5, "[linkedin.preview_fold_phone]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := card(t, platforms.Draft{Text: c.text}, c.computer)
			r := []rune(c.text)
			if seen := got.Find(".pv-linkedin-seen").Text(); seen != string(r[:c.seen]) {
				t.Errorf("seen is %q", seen)
			}
			if rest := got.Find(".pv-linkedin-folded").Text(); rest != string(r[c.seen:]) {
				t.Errorf("folded is %q", rest)
			}
			if word := got.Find(".pv-linkedin-fold").Text(); word != c.word {
				t.Errorf("the fold says %q, want %q", word, c.word)
			}
		})
	}
}

func TestPreviewStrikesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	got := card(t, platforms.Draft{Text: strings.Repeat("(", 1500) + "ab"}, false)
	if over := got.Find("s.pv-linkedin-over").Text(); over != "ab" {
		t.Errorf("struck is %q, want the last two letters", over)
	}
	if !strings.Contains(got.Text(), "[linkedin.preview_too_long]") {
		t.Errorf("nothing says in words that it will not fit")
	}
}

func TestPreviewDrawsFourPicturesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	d := platforms.Draft{Media: make([]platforms.Media, 7)}
	got := card(t, d, false)
	if n := got.Find(".pv-linkedin-media[data-n='4'] img").Length(); n != 4 {
		t.Errorf("%d pictures are drawn", n)
	}
	if !strings.Contains(got.Text(), "[linkedin.preview_more_picturesn=3]") {
		t.Errorf("the other three are not mentioned: %s", got.Text())
	}
}

func TestPreviewOfALink(t *testing.T) {
	t.Parallel()
	d := platforms.Draft{Text: "Trials", Link: &platforms.Link{URL: "https://www.riverside.org/u12", Title: "Under 12", Image: &platforms.Media{ID: "p"}}}
	got := card(t, d, false)
	if title, domain := got.Find(".pv-linkedin-card-title").Text(), got.Find(".pv-linkedin-domain").Text(); title != "Under 12" || domain != "riverside.org" {
		t.Errorf("the card says %q of %q", title, domain)
	}
	if src := got.Find(".pv-linkedin-card img").AttrOr("src", ""); src != "/thumb/p" {
		t.Errorf("the card shows %q", src)
	}
	if text := got.Find(".pv-linkedin-seen").Text(); text != "Trials" {
		t.Errorf("the text is %q: the card carries the address", text)
	}
	d.Media = make([]platforms.Media, 1)
	if text := card(t, d, false).Find(".pv-linkedin-seen").Text(); text != "Trials\nhttps://www.riverside.org/u12" {
		t.Errorf("with a picture the text is %q: no card carries the address", text)
	}
}

// TestPreviewOfACommentShowsItAsOne: the words as they are sent, and what does not fit.
func TestPreviewOfACommentShowsItAsOne(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := linkedin.New(platforms.Env{}).Preview(platforms.Preview{
		Account: platforms.Account{Name: "Riverside FC"}, Comment: true,
		Draft: platforms.Draft{Text: "With @[County League](urn:li:organization:71209913) " + strings.Repeat("a", 1240)},
		T:     func(key string, _ ...string) string { return "[" + key + "]" },
	}).Render(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if seen := doc.Find(".pv-linkedin-comment-text > span").First().Text(); !strings.HasPrefix(seen, "With County League aaa") || len(seen) != 1250 {
		t.Errorf("seen is %q", seen)
	}
	if over := doc.Find(".pv-linkedin-comment-over").Text(); over != strings.Repeat("a", 9) {
		t.Errorf("over is %q", over)
	}
	if !strings.Contains(doc.Text(), "[linkedin.preview_too_long]") {
		t.Error("nothing says in words that the end will not fit")
	}
}
