package i18n_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

// TestWordsOfAnotherDirectionTurnNothingAroundThem: a name in Arabic within an
// English sentence is a stretch of its own, whatever kind of message it is.
func TestWordsOfAnotherDirectionTurnNothingAroundThem(t *testing.T) {
	t.Parallel()
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"Maeve": "Maeve", "Zoë Żak": "Zoë Żak", "東京": "東京", "5:30 – 6": "5:30 – 6",
		"مايف": "\u2068مايف\u2069", "FC ירושלים": "\u2068FC ירושלים\u2069", "\u2068مايف\u2069": "\u2068مايف\u2069",
	} {
		if got := i18n.Isolate(in); got != want {
			t.Errorf("Isolate(%q) is %q, want %q", in, got, want)
		}
	}
	if got, want := c.Text("en", "posts_by", "person", "مايف"), "by \u2068مايف\u2069"; got != want {
		t.Errorf("a sentence is %q, want %q", got, want)
	}
	if got, want := c.Count("en", "member_posts_stay", 2, "name", "مايف"), c.Count("en", "member_posts_stay", 2, "name", "\u2068مايف\u2069"); got != want {
		t.Errorf("a sentence with a number is %q, want %q", got, want)
	}
}
