package platformtest

import (
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// postingLeavesSomething: after one post on a fresh account no limit is near, and
// one that counts posts has counted it.
func postingLeavesSomething(t *testing.T, w *World) {
	s := w.Connect()
	w.limits = nil
	w.Publish(s, w.textDraft("Trials are open."))
	if p, ok := w.Platform.(platforms.LimitsReader); ok {
		if err := p.ReadLimits(w.Context(), s); err != nil {
			t.Fatalf("read limits: %v", err)
		}
		if len(w.limits) == 0 {
			t.Error("asked for limits, none were reported")
		}
	}
	for _, l := range w.limits {
		if l.Near(w.Clock.Now()) {
			t.Errorf("after one post this limit is near: %+v", l)
		}
		if l.Unit == platforms.LimitPosts && l.Max > 0 && l.Max-l.Left != 1 {
			t.Errorf("after one post %d are counted: %+v", l.Max-l.Left, l)
		}
	}
}

// draft is a text with as many pictures as the platform insists on, or n.
func (w *World) draft(text string, n int) platforms.Draft {
	return w.draftBy(w.Platform.Rules(platforms.Account{}).Usual(), text, n)
}

// draftBy is draft by other rules than the usual ones.
func (w *World) draftBy(rules platforms.FormatRules, text string, n int) platforms.Draft {
	d := platforms.Draft{Text: text, Lang: "en"}
	for i := range max(n, rules.Media.Min) {
		typ := rules.Media.Image.Types[i%len(rules.Media.Image.Types)]
		if typ != "image/png" {
			typ = "image/jpeg"
		}
		d.Media = append(d.Media, w.Media.Make(typ, 400, 400+8*i, fmt.Sprintf("Picture %d: two children pass a ball", i+1)))
	}
	return d
}

func (w *World) textDraft(text string) platforms.Draft { return w.draft(text, 0) }

// photoDraft has at least one picture.
func (w *World) photoDraft(text string) platforms.Draft { return w.draft(text, 1) }

func textPost(t *testing.T, w *World) {
	s := w.Connect()
	d := w.textDraft("Under-12 trials are open!\n\nBring boots & water <3 – naïve Grüße ⚽ (Saturday, 10:00).")
	w.passes(d)
	r := w.Publish(s, d)
	w.expectPublic(d)
	if !sameID(r.RemoteID, w.Public()[0].ID) || w.Public()[0].Account != s.Account.RemoteID {
		t.Errorf("published %q as %q, the record says %+v", r.RemoteID, s.Account.RemoteID, w.Public()[0])
	}
	if !r.PublishedAt.IsZero() && r.PublishedAt.Sub(w.Clock.Now()).Abs() > time.Minute {
		t.Errorf("published at %v, now is %v", r.PublishedAt, w.Clock.Now())
	}
}

// blankLines: what is not seen around a text is neither counted nor sent.
func blankLines(t *testing.T, w *World) {
	s := w.Connect()
	d := w.textDraft("\n\nTrials are open.\n\nBring boots.\n \n\u200b\n")
	w.passes(d)
	w.Publish(s, d)
	d.Text = "Trials are open.\n\nBring boots."
	w.expectPublic(d)
	for _, r := range w.Platform.Rules(s.Account).Usual().Text {
		blank := w.textDraft(d.Text + strings.Repeat("\n", r.Max+1))
		if platforms.Blocks(platforms.Check(w.Platform.Rules(s.Account).Usual(), blank)) {
			t.Errorf("blank lines at the end are counted as %s", r.Unit)
		}
	}
}

func linkPost(t *testing.T, w *World) {
	s := w.Connect()
	address := "https://riverside-fc.example/trials?year=2026&team=u12"
	d := w.textDraft("Trials are open: " + address)
	picture := w.Media.Make("image/jpeg", 1200, 630, "")
	d.Link = &platforms.Link{URL: address, Title: "Trials 2026", Description: "When, where, what to bring", Image: &picture}
	w.passes(d)
	w.Publish(s, d)
	w.expectPublic(d)

	d.Link = &platforms.Link{URL: address}
	d.Text = "Once more, of a page that says nothing of itself: " + address
	w.Clock.Advance(time.Hour)
	w.Publish(s, d)
	if n := len(w.Public()); n != 2 {
		t.Fatalf("the record holds %d posts, want 2", n)
	}
	w.samePost(w.Public()[1], d)
}

func onePhoto(t *testing.T, w *World) {
	if w.Platform.Rules(platforms.Account{}).Usual().Media.Max == 0 {
		t.Skip("this platform takes no pictures")
	}
	s := w.Connect()
	d := w.photoDraft("The new pitch")
	w.passes(d)
	w.Publish(s, d)
	w.expectPublic(d)
}

func mostPhotos(_ *testing.T, w *World) {
	s := w.Connect()
	limit := w.Platform.Rules(platforms.Account{}).Usual().Media.Max
	d := w.draft("All of Saturday", limit)
	d.Media[len(d.Media)-1].Alt = ""
	w.passes(d)
	w.Publish(s, d)
	w.expectPublic(d)

	d = w.draft("One too many", limit+1)
	if !hasCode(platforms.Check(w.Platform.Rules(s.Account).Usual(), d), platforms.CodeTooManyMedia) {
		w.Errorf("check lets %d pictures through, the limit is %d", limit+1, limit)
	}
}

func planIsPure(t *testing.T, w *World) {
	s := w.Connect()
	try := w.Try(s, w.photoDraft("Plan me"))
	if err := try.Run(); err != nil {
		t.Fatalf("publish: %v", err)
	}
	irreversible := 0
	for _, step := range try.steps {
		if step.Irreversible {
			irreversible++
		}
	}
	if irreversible != 1 {
		t.Errorf("%d irreversible steps in %+v, want 1", irreversible, try.steps)
	}
	// From every state it went through, the plan is what it was then.
	again := w.Try(s, try.pub.Draft)
	again.pub = try.pub
	for _, step := range try.steps[:1] {
		if got := again.plan(); got != step {
			t.Errorf("planned %+v, now %+v", step, got)
		}
	}
	if next := try.plan(); next.Kind != "" && next.Irreversible {
		t.Errorf("after %+v the plan is %+v", try.done, next)
	}
}

func postHasAddress(_ *testing.T, w *World) {
	s := w.Connect()
	d := w.textDraft("Where am I?")
	w.hasPage(s, w.Publish(s, d), d.Text)
}

// hasPage opens the page of what was published and looks for its text there.
func (w *World) hasPage(s platforms.Session, r platforms.StepResult, text string) {
	w.Helper()
	address := r.RemoteURL
	if l, ok := w.Platform.(platforms.Linker); ok && address == "" {
		var err error
		if address, err = l.Permalink(w.Context(), s, r.RemoteID); err != nil {
			w.Fatalf("permalink: %v", err)
		}
	}
	w.note(address)
	if !strings.HasPrefix(address, w.URL+"/") {
		w.Fatalf("address of the post is %q, want one below %s", address, w.URL)
	}
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.Fatalf("address of the post: %v", err)
	}
	resp, err := w.Client.Do(req)
	if err != nil {
		w.Fatalf("open the post: %v", err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(html.UnescapeString(string(page)), text) {
		w.Errorf("the page of the post has status %d (%v) and lacks its text:\n%s", resp.StatusCode, err, page)
	}
}

// passes fails the test if the rules refuse a draft that the suite thinks good.
func (w *World) passes(d platforms.Draft) {
	w.Helper()
	if ps := platforms.Check(w.Platform.Rules(platforms.Account{}).Usual(), d); platforms.Blocks(ps) {
		w.Fatalf("check refuses %q: %+v", d.Text, ps)
	}
}

func hasCode(ps []platforms.Problem, code string) bool {
	return slices.ContainsFunc(ps, func(p platforms.Problem) bool { return p.Code == code })
}

func asError(err error) (*platforms.Error, bool) { return errors.AsType[*platforms.Error](err) }

// expectKind fails the test unless err is a complete *platforms.Error of one
// of the kinds.
func (w *World) expectKind(err error, kinds ...platforms.Kind) {
	w.Helper()
	e, ok := asError(err)
	switch {
	case !ok:
		w.Errorf("got %v (%T), want a *platforms.Error", err, err)
	case !slices.Contains(kinds, e.Kind):
		w.Errorf("got kind %q (%v), want one of %q", e.Kind, err, kinds)
	case e.Code == "" || e.Platform != w.ID() || e.Op == "":
		w.Errorf("incomplete error %+v", e)
	}
}

func missing(want, got []platforms.Feature) []platforms.Feature {
	var out []platforms.Feature
	for _, f := range want {
		if !slices.Contains(got, f) {
			out = append(out, f)
		}
	}
	return out
}

func keysOf[M ~map[K]V, K comparable, V any](m M) iter.Seq[K] { return maps.Keys(m) }
