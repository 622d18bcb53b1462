package x_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// connectPaying connects the account, which pays for a subscription, and asks X what it
// may do.
func (w world) connectPaying(subscription string) platforms.Session {
	w.Helper()
	w.sim.Subscribe(subscription)
	s := w.Connect()
	checked, err := w.Platform.Check(w.Context(), s)
	if err != nil {
		w.Fatal(err)
	}
	if !bytes.Equal(checked.Facts, s.Account.Facts) {
		w.Errorf("signing in learned %s, and a check %s", s.Account.Facts, checked.Facts)
	}
	return s
}

// longText has an address at both ends, and characters that X writes otherwise.
func longText(characters int) string {
	const first, last = "https://example.com/fixtures & <results> ", " https://example.com/season"
	n := characters - x.Weight(first) - x.Weight(last)
	return first + strings.Repeat("a", n) + last
}

// TestAccountThatPaysMayWriteLongPosts, and no other, nor one of which that is not known.
func TestAccountThatPaysMayWriteLongPosts(t *testing.T) {
	t.Parallel()
	for subscription, longest := range map[string]int{"": 280, "None": 280, "Basic": 280, "Premium": 25_000, "PremiumPlus": 25_000} {
		t.Run(subscription, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.connectPaying(subscription)
			rules := w.Platform.Rules(s.Account).Usual()
			for over, fits := range []bool{true, false} {
				text := longText(longest + over)
				if got := !platforms.Blocks(platforms.Check(rules, platforms.Draft{Text: text})); got != fits {
					t.Errorf("%d characters may be scheduled: %v, want %v", longest+over, got, fits)
				}
				try := w.Try(s, platforms.Draft{Text: text})
				if err := try.Run(); (err == nil) != fits {
					t.Errorf("X takes %d characters: %v, want %v", longest+over, err, fits)
				}
			}
			if public := w.Public(); len(public) != 1 || public[0].Text != longText(longest) {
				t.Errorf("the record holds %d posts, want the whole text once", len(public))
			}
		})
	}
	for _, facts := range []string{"", "{}", "null", `{"long_posts":"yes"}`, "["} {
		rules := x.New(platforms.Env{}).Rules(platforms.Account{Facts: []byte(facts)}).Usual()
		if got := rules.Text[0].Max; got != 280 {
			t.Errorf("an account of which %q is known may write %d characters, want 280", facts, got)
		}
	}
}

// TestLongPostWhoseAnswerWasLostIsFound: X shows only the beginning of a long post as its
// text. Two that begin alike are told apart.
func TestLongPostWhoseAnswerWasLostIsFound(t *testing.T) {
	t.Parallel()
	for _, renamed := range []bool{false, true} {
		t.Run(fmt.Sprint("fields renamed ", renamed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.connectPaying("Premium")
			if renamed {
				w.sim.RenameFields()
			}
			w.Publish(s, platforms.Draft{Text: longText(3000) + " Another"})
			w.Clock.Advance(time.Second)
			w.Fault("publish", "reset_after", 1)
			try := w.Try(s, platforms.Draft{Text: longText(3000)})
			if err := try.Run(); platforms.KindOf(err) != platforms.Unknown {
				t.Fatalf("the answer was lost, and it ends with %v", err)
			}
			public := w.Public()
			if e := try.Settle(); e.Verdict != platforms.SeenPublic || len(public) != 2 || e.RemoteID != public[1].ID {
				t.Errorf("a look sees %+v, want the second of %d posts", e, len(public))
			}
		})
	}
}

// TestPreviewSaysThatXFoldsLongPosts: who may not write them is told that it is too long.
func TestPreviewSaysThatXFoldsLongPosts(t *testing.T) {
	t.Parallel()
	p := x.New(platforms.Env{})
	paying := platforms.Account{Name: "Riverside FC", Facts: []byte(`{"long_posts":true}`)}
	for _, c := range []struct {
		account    platforms.Account
		characters int
		want, not  string
	}{
		{paying, 280, "", "x.preview_long"},
		{paying, 281, "x.preview_long", "x.preview_too_long"},
		{paying, 25_001, "x.preview_too_long", "x.preview_long"},
		{platforms.Account{Name: "Riverside FC"}, 281, "x.preview_too_long", "x.preview_long"},
	} {
		var b strings.Builder
		preview := platforms.Preview{
			Account: c.account, Draft: platforms.Draft{Text: longText(c.characters)},
			T: func(key string, _ ...string) string { return key },
		}
		if err := p.Preview(preview).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), c.not) {
			t.Errorf("a preview of %d characters, of an account with %s: want %q and not %q in it", c.characters, c.account.Facts, c.want, c.not)
		}
	}
}
