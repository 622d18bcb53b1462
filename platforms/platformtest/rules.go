package platformtest

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func rulesHaveSources(t *testing.T, w *World) {
	rules := w.Platform.Rules(platforms.Account{}).Usual()
	sourced := func(what string, s platforms.Source) {
		if s == (platforms.Source{}) {
			s = rules.Source
		}
		if !strings.HasPrefix(s.URL, "https://") || s.CheckedOn.IsZero() {
			t.Errorf("%s has no source: %+v", what, s)
		}
	}
	sourced("the whole", rules.Source)
	sourced("pictures", rules.Media.Image.Source)
	sourced("parts", rules.Parts.Source)
	for _, f := range w.Platform.Rules(platforms.Account{}).Formats {
		for _, o := range f.Options {
			sourced("option "+o.Key, o.Source)
			if choices := o.Kind == platforms.OptionChoice; o.Key == "" || o.Kind == "" || choices != (len(o.Choices) > 1) {
				t.Errorf("incomplete option %+v", o)
			}
		}
	}
	texts := rules.Text
	if c := rules.Parts.Comment; c != nil {
		if rules.Parts.Thread != 0 {
			t.Error("a post takes both a thread and a comment")
		}
		sourced("comments", c.Source)
		texts = slices.Concat(texts, c.Text)
	}
	main := 0
	for _, r := range texts {
		sourced(r.Unit, r.Source)
		if a := r.Advice; a != nil {
			sourced(r.Unit+", advice", a.Source)
			if a.Max <= 0 || a.Max >= r.Max || a.Code == "" {
				t.Errorf("odd advice %+v below %d %s", a, r.Max, r.Unit)
			}
		}
		if !r.Side {
			main++
		}
		if r.Max <= 0 || r.Measure == nil || r.Code == "" || r.Unit == "" {
			t.Errorf("incomplete rule %+v", r)
		}
		if n := r.Measure(""); n != 0 {
			t.Errorf("the empty text measures %d %s", n, r.Unit)
		}
	}
	want := 1
	if rules.Parts.Comment != nil {
		want++ // one of the post and one of its comment
	}
	if main != want {
		t.Errorf("%d text rules are not Side, want exactly %d", main, want)
	}
	if m := rules.Media; m.Max > 0 && (len(m.Image.Types) == 0 || m.Image.MaxBytes == 0 || m.Min > m.Max) {
		t.Errorf("incomplete rules for pictures: %+v", m)
	}
}

// textLimits: what the rules let through the platform takes, and what they
// refuse it refuses, to the character.
func textLimits(t *testing.T, w *World) {
	rules := w.Platform.Rules(platforms.Account{}).Usual()
	for _, rule := range rules.Text {
		t.Run(rule.Unit, func(t *testing.T) {
			w := w.on(t)
			s := w.Connect()
			at, ok := w.text(rules, rule, rule.Max)
			over, ok2 := w.text(rules, rule, rule.Max+1)
			if !ok || !ok2 {
				t.Fatalf("cannot make a text of %d and %d %s: give Suite.Text[%q]", rule.Max, rule.Max+1, rule.Unit, rule.Unit)
			}
			fits := w.textDraft(at)
			w.passes(fits)
			w.Publish(s, fits)
			w.expectPublic(fits)

			w.Clock.Advance(time.Hour)
			tooLong := w.textDraft(over)
			if !hasCode(platforms.Check(rules, tooLong), rule.Code) {
				t.Errorf("check does not say %q of %d %s", rule.Code, rule.Measure(over), rule.Unit)
			}
			err := w.Try(s, tooLong).Run()
			w.expectKind(err, platforms.Rejected)
			w.expectPublic(fits)
		})
	}
}

// text makes a text that measures n by one of the rules and breaks no other.
func (w *World) text(rules platforms.FormatRules, rule platforms.TextRule, n int) (string, bool) {
	if make := w.Suite.Text[rule.Unit]; make != nil {
		text := make(n)
		return text, rule.Measure(text) == n
	}
	fillers := []func(i int) string{
		func(int) string { return "a" },
		func(int) string { return "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466" }, // one grapheme, 25 bytes
		func(i int) string { return fmt.Sprintf("#t%d ", i) },
		func(i int) string { return fmt.Sprintf("@n%d ", i) },
	}
	for _, fill := range fillers {
		text := fillTo(rule, n, func(i int) string { return "b" + separator(fill(0)) + repeat(fill, i) })
		text = fillTo(rule, n, func(i int) string { return strings.TrimSpace(text) + strings.Repeat("a", i) })
		if rule.Measure(text) == n && breaksOnly(rules, rule, text) {
			return text, true
		}
	}
	return "", false
}

// fillTo is the longest of the texts that measures at most n.
func fillTo(rule platforms.TextRule, n int, text func(int) string) string {
	k := sort.Search(n+1, func(i int) bool { return rule.Measure(text(i)) > n })
	return text(max(0, k-1))
}

func repeat(fill func(int) string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(fill(i))
	}
	return b.String()
}

// separator keeps a filler that is a word apart from what stands before it.
func separator(filler string) string {
	if strings.HasSuffix(filler, " ") {
		return " "
	}
	return ""
}

func breaksOnly(rules platforms.FormatRules, rule platforms.TextRule, text string) bool {
	for _, r := range rules.Text {
		if r.Unit != rule.Unit && r.Measure(text) > r.Max {
			return false
		}
	}
	return true
}

func simulatorKeepsState(t *testing.T, w *World) {
	s := w.Connect()
	first := w.photoDraft("Before the restart")
	r := w.Publish(s, first)
	saved, err := w.Sim.Save()
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	before := w.Sim.Posts()
	w.start()
	if n := len(w.Sim.Posts()); n != 0 {
		t.Fatalf("a new simulator has %d posts", n)
	}
	if err := w.Sim.Load(saved); err != nil {
		t.Fatalf("load: %v", err)
	}
	if diff := cmp.Diff(before, w.Sim.Posts()); diff != "" {
		t.Errorf("posts after loading (-before +after):\n%s", diff)
	}
	if _, err := w.Platform.Check(w.Context(), s); err != nil {
		t.Fatalf("the sign-in did not survive: %v", err)
	}
	if p, ok := w.Platform.(platforms.NumbersReader); ok {
		if _, err := p.PostNumbers(w.Context(), s, r.RemoteID); err != nil {
			t.Errorf("numbers of the post from before: %v", err)
		}
	}
	if p, ok := w.Platform.(platforms.Renewer); ok && !s.Account.Tokens.Refresh.IsZero() {
		w.Clock.Advance(w.Platform.Info().Renewal.MinAge + time.Minute)
		s = w.renew(p, s)
	}
	w.Clock.Advance(time.Hour)
	second := w.textDraft("After the restart")
	w.Publish(s, second)
	w.expectPublic(first, second)
	if err := w.Sim.Load([]byte("{")); err == nil {
		t.Errorf("half a file was loaded without a word")
	}
}

func simulatorForgets(t *testing.T, w *World) {
	s := w.Connect()
	w.Publish(s, w.textDraft("Forget me"))
	w.Fault("*", "error_before", 0)
	w.Sim.Reset()
	if n := len(w.Sim.Posts()); n != 0 {
		t.Errorf("%d posts after the reset", n)
	}
	if _, err := w.Platform.Check(w.Context(), s); err == nil {
		t.Errorf("a sign-in from before the reset still works")
	}
	w.Publish(w.Connect(), w.textDraft("A new start"))
}
