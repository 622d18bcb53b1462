package platformtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// This file is about what follows a post: the further posts of a thread, or a
// first comment. A fault on "publish" meets the call that makes a part public as
// well as the one that makes a post public.

// takesParts reports whether anything can follow a post.
func (w *World) takesParts() bool {
	return w.Platform.Rules(platforms.Account{}).Usual().Parts.Most() > 1
}

func (w *World) needsParts() {
	w.Helper()
	if !w.takesParts() {
		w.Skip("nothing follows a post of this platform")
	}
}

// partRules are the rules of what follows a post.
func (w *World) partRules() platforms.FormatRules {
	return w.Platform.Rules(platforms.Account{}).Of(platforms.Publication{Reply: &platforms.ReplyTo{}})
}

// partKind is what the record calls it.
func (w *World) partKind() string {
	if w.Platform.Rules(platforms.Account{}).Usual().Parts.Comment != nil {
		return platforms.SimComment
	}
	return platforms.SimReply
}

// partDraft is a part with one picture, where a part can have one.
func (w *World) partDraft(text string) platforms.Draft {
	rules := w.partRules()
	return w.draftBy(rules, text, min(1, rules.Media.Max))
}

// follow starts a try to publish what follows a part of the thread that begins with
// root, or the post under which it is a comment.
func (w *World) follow(s platforms.Session, d platforms.Draft, root, before platforms.StepResult) *Try {
	t := w.Try(s, d)
	ref := func(r platforms.StepResult) platforms.Ref {
		return platforms.Ref{ID: r.RemoteID, Version: r.RemoteVersion}
	}
	t.pub.Reply = &platforms.ReplyTo{Root: ref(root), Parent: ref(before)}
	return t
}

// followed publishes a part and fails the test if that does not work.
func (w *World) followed(s platforms.Session, d platforms.Draft, root, before platforms.StepResult) *Try {
	w.Helper()
	t := w.follow(s, d, root, before)
	if err := t.Run(); err != nil {
		w.Fatalf("publish %q: step %+v: %v", d.Text, t.failed, err)
	}
	return t
}

// deleteByHand takes a post away as a person does on the platform's own site.
func (w *World) deleteByHand(r platforms.StepResult) {
	w.Helper()
	sim, ok := w.Sim.(interface {
		MarkDeleted(platform platforms.ID, id string) bool
	})
	if !ok {
		w.Fatal("posts cannot be taken away from this simulator: it has no MarkDeleted")
	}
	i := slices.IndexFunc(w.Public(), func(p platforms.SimPost) bool { return sameID(r.RemoteID, p.ID) })
	if i < 0 || !sim.MarkDeleted(w.ID(), w.Public()[i].ID) {
		w.Fatalf("the record has no post %q", r.RemoteID)
	}
}

// expectParts compares the record with what was published: each once, in order, and
// each below what it followed.
func (w *World) expectParts(tries ...*Try) {
	w.Helper()
	public := w.Public()
	if len(public) != len(tries) {
		w.Fatalf("the record holds %d posts, want %d: %+v", len(public), len(tries), public)
	}
	for i, t := range tries {
		got := public[i]
		w.sameByRules(got, t.pub.Draft, w.Platform.Rules(platforms.Account{}).Of(t.pub))
		switch reply := t.pub.Reply; {
		case reply == nil && (got.Kind != "" || got.Parent != ""):
			w.Errorf("the post is a %q of %q in the record", got.Kind, got.Parent)
		case reply != nil && (got.Kind != w.partKind() || !sameID(reply.Parent.ID, got.Parent)):
			w.Errorf("part %d is a %q of %q in the record, want a %q of %q", i, got.Kind, got.Parent, w.partKind(), reply.Parent.ID)
		}
	}
}

// partsFollow: a thread of three, or a comment, with a picture where one is taken.
func partsFollow(t *testing.T, w *World) {
	w.needsParts()
	s := w.Connect()
	first := w.Try(s, w.photoDraft("Trials are open! Here is how it works."))
	if err := first.Run(); err != nil {
		t.Fatalf("publish: %v", err)
	}
	tries := []*Try{first}
	for n := 2; n <= min(3, w.Platform.Rules(s.Account).Usual().Parts.Most()); n++ {
		w.Clock.Advance(2 * time.Minute)
		d := w.partDraft(fmt.Sprintf("%d. Bring boots & water <3 – naïve Grüße ⚽", n))
		if n == 3 {
			d = w.draftBy(w.partRules(), "3. See you there.", 0)
		}
		if ps := platforms.Check(w.partRules(), d); platforms.Blocks(ps) {
			t.Fatalf("check refuses %q: %+v", d.Text, ps)
		}
		before := tries[len(tries)-1].Result()
		part := w.followed(s, d, first.Result(), before)
		tries = append(tries, part)
		r := part.Result()
		if r.RemoteID == before.RemoteID || (before.RemoteVersion == "") != (r.RemoteVersion == "") {
			t.Errorf("part %d left %+v, the part before it %+v", n, r, before)
		}
		if irreversible := slices.DeleteFunc(slices.Clone(part.steps), func(s platforms.Step) bool { return !s.Irreversible }); len(irreversible) != 1 {
			t.Errorf("part %d took %d irreversible steps, want 1: %+v", n, len(irreversible), part.steps)
		}
		w.hasPage(s, r, d.Text)
	}
	w.expectParts(tries...)

	saved, err := w.Sim.Save()
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	record := w.Sim.Posts()
	w.start()
	if err := w.Sim.Load(saved); err != nil {
		t.Fatalf("load: %v", err)
	}
	if diff := cmp.Diff(record, w.Sim.Posts()); diff != "" {
		t.Errorf("posts after a restart of the simulator (-before +after):\n%s", diff)
	}
	w.Clock.Advance(time.Minute)
	tries = append(tries, w.followed(s, w.partDraft("After the restart"), first.Result(), first.Result()))
	w.expectParts(tries...)
}

// partTextLimits: what the rules of a part let through the platform takes, and what
// they refuse it refuses, to the character.
func partTextLimits(t *testing.T, w *World) {
	w.needsParts()
	rules := w.partRules()
	s := w.Connect()
	first := w.Publish(s, w.textDraft("What follows may be so long"))
	taken := 1
	for _, rule := range rules.Text {
		if rule.Side && w.partKind() == platforms.SimReply {
			continue // held to the rules of every post, which textLimits tries
		}
		at, ok := w.text(rules, rule, rule.Max)
		over, ok2 := w.text(rules, rule, rule.Max+1)
		if !ok || !ok2 {
			t.Fatalf("cannot make a text of %d and %d %s: give Suite.Text[%q]", rule.Max, rule.Max+1, rule.Unit, rule.Unit)
		}
		w.Clock.Advance(2 * time.Minute)
		d := w.draftBy(rules, at, 0)
		if ps := platforms.Check(rules, d); platforms.Blocks(ps) {
			t.Errorf("check refuses %d %s: %+v", rule.Max, rule.Unit, ps)
		}
		w.followed(s, d, first, first)
		taken++
		d = w.draftBy(rules, over, 0)
		if !hasCode(platforms.Check(rules, d), rule.Code) {
			t.Errorf("check does not say %q of %d %s", rule.Code, rule.Measure(over), rule.Unit)
		}
		w.expectKind(w.follow(s, d, first, first).Run(), platforms.Rejected)
		if n := len(w.Public()); n != taken {
			t.Errorf("after %d %s the record holds %d posts, want %d", rule.Max+1, rule.Unit, n, taken)
		}
	}
}

// lostPart publishes a post and loses the answer about a part that follows it.
func (w *World) lostPart(fault string) (s platforms.Session, first, part *Try) {
	w.Helper()
	s = w.Connect()
	first = w.Try(s, w.photoDraft("The post itself"))
	if err := first.Run(); err != nil {
		w.Fatalf("publish: %v", err)
	}
	w.Clock.Advance(2 * time.Minute)
	part = w.follow(s, w.partDraft("A part whose answer is lost"), first.Result(), first.Result())
	w.Fault("publish", fault, 1)
	w.expectKind(part.Run(), platforms.Unknown)
	if !part.failed.Irreversible {
		w.Fatalf("the fault hit step %+v", part.failed)
	}
	return s, first, part
}

// partLostAfter: a part is found again, and what was found of it is enough for the
// next part to follow; so is its id alone, which is all that a person can give.
func partLostAfter(t *testing.T, w *World) {
	w.needsParts()
	s, first, part := w.lostPart(simkit.ResetAfter)
	w.expectParts(first, part)
	if !part.Finish() {
		t.Fatal("the part is public and was not found")
	}
	w.expectParts(first, part)
	if w.partKind() == platforms.SimComment {
		return
	}
	found := platforms.StepResult{RemoteID: part.evidence.RemoteID, RemoteVersion: part.evidence.RemoteVersion}
	if found.RemoteID == "" {
		found.RemoteID = w.Public()[1].ID
	}
	if (first.Result().RemoteVersion == "") != (found.RemoteVersion == "") {
		t.Errorf("the look found version %q, publishing left %q", found.RemoteVersion, first.Result().RemoteVersion)
	}
	third := w.followed(s, w.partDraft("The next one follows what was found"), first.Result(), found)
	w.Clock.Advance(2 * time.Minute)
	root, last := first.Result(), third.Result()
	root.RemoteVersion, last.RemoteVersion = "", ""
	fourth := w.followed(s, w.partDraft("And so it does by the id alone"), root, last)
	w.expectParts(first, part, third, fourth)
}

func partLostBefore(t *testing.T, w *World) {
	w.needsParts()
	_, first, part := w.lostPart(simkit.ResetBefore)
	w.expectParts(first)
	out := part.Finish()
	if w.Platform.Info().CertaintyOf(part.pub) == platforms.CertainByLooking {
		if out {
			t.Error("no part is public, and one was found")
		}
		w.expectParts(first)
		return
	}
	if !out {
		t.Error("the part did not go out")
	}
	w.expectParts(first, part)
}

func partFaults(t *testing.T, w *World) {
	w.needsParts()
	for _, fault := range simkit.Faults {
		if fault == simkit.Slow || fault == simkit.ResetAfter || fault == simkit.ResetBefore {
			continue // slow is slow for a post too; the others have tests of their own
		}
		t.Run(fault, func(t *testing.T) {
			w := w.on(t)
			s := w.Connect()
			first := w.Publish(s, w.textDraft("The post before fault "+fault))
			w.Clock.Advance(2 * time.Minute)
			w.lastCallMeets(w.follow(s, w.partDraft("A part meets fault "+fault), first, first), fault)
		})
	}
}

// partLookFaults: a look for a part that failed is an error, never a verdict.
func partLookFaults(t *testing.T, w *World) {
	w.needsParts()
	s, first, part := w.lostPart(simkit.ResetAfter)
	for _, fault := range []string{simkit.ErrorBefore, simkit.CutOff, simkit.Empty, simkit.HTML, simkit.RateLimited} {
		w.Fault("*", fault, 1)
		w.Clock.Advance(time.Minute)
		e, err := w.Platform.Settle(w.Context(), s, part.pub, slices.Clone(part.done), part.sentAt)
		w.note(e, err)
		if err == nil {
			t.Errorf("fault %s: the look says %+v", fault, e)
			continue
		}
		w.expectKind(err, w.kinds("look", fault)...)
	}
	if !part.Finish() {
		t.Error("the part is public and was not found")
	}
	w.expectParts(first, part)
}

// partsOfTheSameWords: the same words under another post are another part, and so
// are the same words as a post. Nothing but what it follows tells them apart.
func partsOfTheSameWords(t *testing.T, w *World) {
	w.needsParts()
	s := w.Connect()
	one, other := w.Publish(s, w.textDraft("The first of two posts")), w.Publish(s, w.textDraft("The second of two posts"))
	w.Clock.Advance(2 * time.Minute)
	same := w.draftBy(w.partRules(), "See you on Saturday!", 0)
	out := w.followed(s, same, one, one)
	for what, lost := range map[string]*Try{"a part of another post": w.follow(s, same, other, other), "a post": w.Try(s, w.textDraft(same.Text))} {
		w.Fault("publish", simkit.ResetBefore, 1)
		w.expectKind(lost.Run(), platforms.Unknown)
		w.Clock.Advance(time.Minute)
		e, err := w.Platform.Settle(w.Context(), s, lost.pub, slices.Clone(lost.done), lost.sentAt)
		w.note(e, err)
		if err != nil || e.Verdict == platforms.SeenPublic || e.Verdict == platforms.SeenSeveral {
			t.Errorf("%s of the same words was never sent, and the look says %+v, %v", what, e, err)
		}
	}
	if e := out.Settle(); e.Verdict != platforms.SeenPublic || e.RemoteID != "" && e.RemoteID != out.Result().RemoteID {
		t.Errorf("the part that is public: %+v, want %q", e, out.Result().RemoteID)
	}
	if n := len(w.Public()); n != 3 {
		t.Errorf("the record holds %d posts, want 3", n)
	}
}

// partWithoutParent: what it was to follow was taken away at the platform. The
// platform says so before anything is public, and a look claims nothing.
func partWithoutParent(t *testing.T, w *World) {
	w.needsParts()
	s, first, lost := w.lostPart(simkit.ResetBefore)
	w.Clock.Advance(time.Hour)
	s = w.live(s)
	w.deleteByHand(first.Result())
	part := w.follow(s, w.partDraft("Nobody is there to listen"), first.Result(), first.Result())
	err := part.Run()
	w.expectKind(err, platforms.Rejected)
	if e, ok := asError(err); ok && e.Code != platforms.CodeParentGone {
		t.Errorf("code %q, want %q: %v", e.Code, platforms.CodeParentGone, err)
	}
	lost.session = s
	e, err := w.Platform.Settle(w.Context(), s, lost.pub, slices.Clone(lost.done), lost.sentAt)
	w.note(e, err)
	if said, ok := asError(err); e.Verdict == platforms.SeenPublic || e.Verdict == platforms.SeenSeveral || err != nil && (!ok || said.Code != platforms.CodeParentGone) {
		t.Errorf("the look for a part that was never sent says %+v, %v", e, err)
	}
	w.expectPublic()
}

// optionsAreSent: what was chosen reaches the platform. The first choice of an
// option is what the platform does by itself, so it need not be sent.
func optionsAreSent(t *testing.T, w *World) {
	rules := w.Platform.Rules(platforms.Account{}).Usual()
	if len(rules.Options) == 0 {
		t.Skip("there is nothing to choose")
	}
	s := w.Connect()
	for _, o := range rules.Options {
		values := o.Choices
		if o.Kind == platforms.OptionYesNo {
			values = []string{"yes"}
		}
		for i, v := range values {
			d := w.textDraft(fmt.Sprintf("Posted with %s %s", o.Key, v))
			d.Options = map[string]string{o.Key: v}
			w.passes(d)
			w.Publish(s, d)
			public := w.Public()
			got := public[len(public)-1].Options[o.Key]
			if byItself := o.Kind == platforms.OptionChoice && i == 0 && got == ""; got != v && !byItself {
				t.Errorf("option %s: sent %q, the record says %q", o.Key, v, got)
			}
			w.Clock.Advance(time.Minute)
		}
		if o.Kind != platforms.OptionText {
			d := w.textDraft("Posted with something else")
			d.Options = map[string]string{o.Key: "no such choice"}
			if !hasCode(platforms.Check(rules, d), platforms.CodeOptionUnknown) {
				t.Errorf("check takes any value of option %s", o.Key)
			}
		}
	}
}
