package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// refusal is something that the store does not do, and why.
type refusal struct {
	name    string
	prepare func(f *furnished)
	do      func(ctx context.Context, f *furnished) error
	want    error // found with errors.Is
}

// tooLate is any conflict: what somebody saw is not so any more.
var tooLate = &club.Error{Code: club.Conflict}

// refusals are what comes too late, twice, or for what is not there.
var refusals = []refusal{
	// Somebody was faster.
	{name: "a second set-up", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return both(f.db.CreateFirst(ctx, joe, river, "test"))
	}},
	{name: "changes of a post that somebody else has changed", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SavePost(ctx, f.tom, store.PostChange{ID: f.draft, Version: 7, Content: f.text("Buns")}))
	}},
	{name: "throwing away changes that have changed", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.db.ThrowAwayPending(ctx, f.maeve, f.planned, 1)
	}},
	{name: "throwing away changes where there are none", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return f.db.ThrowAwayPending(ctx, f.maeve, f.draft, 1)
	}},
	{name: "moving a post that has moved", want: store.ErrStale, do: func(ctx context.Context, f *furnished) error {
		m := store.Move{PostID: f.draft, Version: 7, To: f.at("2026-12-01T10:00"), Role: club.Admin}
		return only(f.db.MovePost(ctx, f.maeve, m, "test"))
	}},
	{name: "moving a post that is on its way", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.move(ctx, f.sent, f.at("2026-12-01T10:00"))
	}},
	{name: "taking off the calendar what is public", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.move(ctx, f.out, club.Slot{})
	}},
	{name: "taking off the calendar what is public on one account", want: tooLate, prepare: func(f *furnished) {
		c := store.PostChange{ID: f.out, Version: 1, Content: f.text("Final score", f.page, f.group), Slot: f.at("2026-12-01T10:00")}
		f.ok(only(f.db.SchedulePost(f.t.Context(), f.maeve, c, "test")))
	}, do: func(ctx context.Context, f *furnished) error { return f.move(ctx, f.out, club.Slot{}) }},
	{name: "moving a post that was deleted", want: club.ErrNotFound, prepare: func(f *furnished) {
		f.ok(f.db.DeletePost(f.t.Context(), f.maeve, f.draft, "test"))
	}, do: func(ctx context.Context, f *furnished) error { return f.move(ctx, f.draft, f.at("2026-12-01T10:00")) }},
	{name: "making a draft of what is public", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.db.BackToDraft(ctx, f.maeve, f.out, "test")
	}},
	{name: "making a draft of what may be public", want: tooLate, prepare: unsure, do: func(ctx context.Context, f *furnished) error {
		return f.db.BackToDraft(ctx, f.maeve, f.sent, "test")
	}},
	{name: "deleting a post that is on its way", want: club.ErrBeingSent, do: func(ctx context.Context, f *furnished) error {
		return f.db.DeletePost(ctx, f.maeve, f.sent, "test")
	}},
	{name: "an answer that somebody else gave", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.public.ID)
	}},
	{name: "sending now what is held", want: tooLate, prepare: held, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.asks.ID)
	}},
	{name: "one answer for two posts", want: club.ErrNotFound, prepare: refused, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.asks.ID, f.goes.ID)
	}},
	{name: "a call while somebody has held everything", want: store.ErrMoved, prepare: func(f *furnished) {
		begun(f)
		held(f)
	}, do: func(ctx context.Context, f *furnished) error {
		call := f.call("publish")
		call.Irreversible = true
		return f.happens(ctx, f.waits, club.Event{Kind: club.Tick, Account: usable, Step: send}, f.waits.DueAt, store.Facts{Attempt: call})
	}},
	{name: "the end of a call that has ended", want: store.ErrMoved, do: func(ctx context.Context, f *furnished) error {
		e := club.Event{Kind: club.SendEnded, Step: send, Result: platforms.StepResult{RemoteID: "43"}}
		return f.happens(ctx, f.goes, e, f.clock.Now(), store.Facts{Ended: store.NewID()})
	}},
	{name: "ending a hold that is over", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.db.EndHold(ctx, f.maeve, club.Held, "test")
	}},
	{name: "renewing a sign-in that is being renewed", want: store.ErrRenewLater, prepare: func(f *furnished) {
		f.ok(only(f.db.StartRenewal(f.t.Context(), f.page.ID, boot, f.clock.Now().Add(time.Minute))))
	}, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.StartRenewal(ctx, f.group.ID, boot, f.clock.Now().Add(time.Minute)))
	}},
	{name: "renewing where there is nothing to renew with", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.StartRenewal(ctx, 99, boot, f.clock.Now()))
	}},

	// Links and references for one use.
	{name: "a password link for a member of another club", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return both(f.db.CreateMemberReset(ctx, f.maeve, f.ann.PersonID, "test"))
	}},
	{name: "a request that was carried out", want: club.ErrNotFound, prepare: func(f *furnished) {
		f.ok(only(f.db.TakeRequest(f.t.Context(), f.maeve, f.request)))
	}, do: func(ctx context.Context, f *furnished) error { return only(f.db.TakeRequest(ctx, f.maeve, f.request)) }},
	{name: "the mark of a form that has been open too long", want: club.ErrNotFound, prepare: aMonthLater, do: func(_ context.Context, f *furnished) error {
		return only(f.db.FormOwner(f.mark))
	}},
	{name: "a form that was kept too long", want: club.ErrNotFound, prepare: aMonthLater, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeptForm(ctx, f.maeve, f.form))
	}},
	{name: "a form of somebody who has left", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeepForm(ctx, store.Scope{ClubID: f.maeve.ClubID, PersonID: f.eve}, url.Values{"text": {"Buns"}}))
	}},
	{name: "a form that is too large", want: &club.Error{Code: club.Invalid}, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeepForm(ctx, f.maeve, url.Values{"text": {strings.Repeat("x", store.MaxKeptForm)}}))
	}},
	{name: "the club of a form that nobody kept", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeptFormClub(ctx, f.maeve.PersonID, "none"))
	}},
	{name: "a sign-in that was used", want: club.ErrNotFound, prepare: func(f *furnished) {
		f.ok(only(f.db.TakeSignIn(f.t.Context(), f.maeve, f.session, f.state)))
	}, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.TakeSignIn(ctx, f.maeve, f.session, f.state))
	}},
	{name: "a choice that was made", want: club.ErrNotFound, prepare: func(f *furnished) {
		f.ok(only(f.db.ConnectChosen(f.t.Context(), f.maeve, f.choice, nil, "test")))
	}, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ConnectChosen(ctx, f.maeve, f.choice, []int{0}, "test"))
	}},
	{name: "a choice that is none", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Choice(ctx, f.maeve, "none"))
	}},

	// The library.
	{name: "deleting a picture that a post shows", want: tooLate, do: func(ctx context.Context, f *furnished) error {
		return f.db.DeleteMedia(ctx, f.maeve.ClubID, f.picture)
	}},
	{name: "keeping a picture without an id", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreateMedia(ctx, f.photo("../../key")))
	}},
	{name: "keeping a copy of no picture", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return f.db.CreateRendition(ctx, club.Rendition{MediaID: "none"})
	}},
	{name: "reading what is no picture", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.MediaOfAnyClub(ctx, "none"))
	}},
	{name: "reading a picture that is not there", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.MediaOfAnyClub(ctx, store.NewID()))
	}},
	{name: "describing what is no picture", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return f.db.SetMediaAlt(ctx, f.maeve, "none", "Buns")
	}},
	{name: "deleting what is no picture", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return f.db.DeleteMedia(ctx, f.maeve.ClubID, "none")
	}},

	// What is not there.
	{name: "a person who is not there", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Actor(ctx, 99, f.maeve.ClubID))
	}},
	{name: "a club that is not there", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Club(ctx, 99))
	}},
	{name: "a campaign that is not there", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SavePost(ctx, f.maeve, store.PostChange{Content: f.text("Buns"), Campaign: 99}))
	}},
	{name: "a sign-in of an account that is not there", want: club.ErrNotFound, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SignInTokens(ctx, 99))
	}},
}

// TestARefusalChangesNothing: what the store does not do it refuses in words that
// a program understands, and without a trace.
func TestARefusalChangesNothing(t *testing.T) {
	t.Parallel()
	scenes := newScenes(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			f := scenes.take(t, r.prepare)
			defer func() { scenes.giveBack(r.prepare != nil || t.Failed()) }()
			w := watch(t, f)
			before := w.rows()
			if err := r.do(t.Context(), f); !errors.Is(err, r.want) {
				t.Errorf("got %v, want %v", err, r.want)
			}
			if w.changed() {
				t.Errorf("it left something behind (-before +after):\n%s", cmp.Diff(before, w.rows()))
			}
		})
	}
}

// foreign are the operations on one thing of a club, each asked for by somebody of
// another club. Nothing of that is there for them (rule W2).
var foreign = map[string]func(ctx context.Context, f *furnished, s store.Scope) error{
	"Answer": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.Answer(ctx, s, store.Answer{Kind: club.PersonSendsNow}, "test", f.asks.ID)
	},
	"BackToDraft": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.BackToDraft(ctx, s, f.planned, "test")
	},
	"Choice": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.Choice(ctx, s, f.choice))
	},
	"ConnectChosen": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.ConnectChosen(ctx, s, f.choice, []int{0, 1}, "test"))
	},
	"ConnectedAccount": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.ConnectedAccount(ctx, s, false, f.page.ID))
	},
	"Connection": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.Connection(ctx, s, f.page.ID))
	},
	"CreateMemberReset": func(ctx context.Context, f *furnished, s store.Scope) error {
		return both(f.db.CreateMemberReset(ctx, s, f.tom.PersonID, "test"))
	},
	"DeletePost": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.DeletePost(ctx, s, f.draft, "test")
	},
	"Delivery": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.Delivery(ctx, s, f.waits.ID))
	},
	"DeleteMedia": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.DeleteMedia(ctx, s.ClubID, f.unused)
	},
	"Disconnect": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.Disconnect(ctx, s, f.page.ID, "test")
	},
	"DuplicatePost": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.DuplicatePost(ctx, s, f.draft, "copy"))
	},
	"KeptForm": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.KeptForm(ctx, s, f.form))
	},
	"KeptRequest": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.KeptRequest(ctx, s, f.request))
	},
	"MovePost": func(ctx context.Context, f *furnished, s store.Scope) error {
		m := store.Move{PostID: f.draft, Version: 1, To: f.at("2026-12-01T10:00"), Role: club.Admin}
		return only(f.db.MovePost(ctx, s, m, "test"))
	},
	"MovingPost": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.MovingPost(ctx, s, f.draft))
	},
	"NoteFailedCheck": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.NoteFailedCheck(ctx, s, f.page.ID, "down")
	},
	"Post": func(ctx context.Context, f *furnished, s store.Scope) error { return only(f.db.Post(ctx, s, f.draft)) },
	"RemoveMember": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.RemoveMember(ctx, s, f.tom.PersonID, "test")
	},
	"SavePost": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.SavePost(ctx, s, store.PostChange{ID: f.draft, Version: 1, Content: club.Content{Text: "Buns"}}))
	},
	"SavePost: a post of their own with a foreign picture": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.SavePost(ctx, s, store.PostChange{Content: f.text("Buns")}))
	},
	"SavePost: a post of their own for a foreign account": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.SavePost(ctx, s, store.PostChange{Content: club.Content{Text: "Buns", Accounts: []int64{f.page.ID}}}))
	},
	"SavePost: a post of their own with a foreign campaign": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.SavePost(ctx, s, store.PostChange{Content: club.Content{Text: "Buns"}, Campaign: f.campaign}))
	},
	"SchedulePost": func(ctx context.Context, f *furnished, s store.Scope) error {
		c := store.PostChange{ID: f.draft, Version: 1, Content: club.Content{Text: "Buns"}, Slot: f.at("2026-12-01T10:00")}
		return only(f.db.SchedulePost(ctx, s, c, "test"))
	},
	"Schedule": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.Schedule(ctx, s, f.draft, []int64{f.page.ID}, f.clock.Now())
	},
	"SetMediaAlt": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.SetMediaAlt(ctx, s, f.picture, "Buns")
	},
	"SetRole": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.SetRole(ctx, s, f.tom.PersonID, club.Viewer, "test")
	},
	"SetSendsAgain": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.SetSendsAgain(ctx, s, f.page.ID, true, "test")
	},
	"TakeRequest": func(ctx context.Context, f *furnished, s store.Scope) error {
		return only(f.db.TakeRequest(ctx, s, f.request))
	},
	"ThrowAwayPending": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.ThrowAwayPending(ctx, s, f.planned, 2)
	},
	"WithdrawInvitation": func(ctx context.Context, f *furnished, s store.Scope) error {
		return f.db.WithdrawInvitation(ctx, s, f.invitation, "test")
	},
}

func TestWhatIsOfAnotherClubIsNotThere(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	other := must[store.Club](t)(f.db.CreateClub(t.Context(), f.eve, river, "test"))
	w := watch(t, f)
	before := w.rows()
	for name, do := range foreign {
		if err := do(t.Context(), f, store.Scope{ClubID: other.ID, PersonID: f.eve}); !errors.Is(err, club.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", name, err, club.ErrNotFound)
		}
		if w.changed() {
			t.Fatalf("%s left something behind (-before +after):\n%s", name, cmp.Diff(before, w.rows()))
		}
	}
}

// TestAStateThatSomebodyElseHasSeenWorksNoMore: a sign-in goes back to the session,
// the person and the club in which it began (rule A1), or to nobody.
func TestAStateThatSomebodyElseHasSeenWorksNoMore(t *testing.T) {
	t.Parallel()
	scenes := newScenes(t)
	for name, take := range map[string]func(ctx context.Context, f *furnished) error{
		"another session": func(ctx context.Context, f *furnished) error {
			return only(f.db.TakeSignIn(ctx, f.maeve, "another", f.state))
		},
		"another person": func(ctx context.Context, f *furnished) error {
			return only(f.db.TakeSignIn(ctx, f.ann, f.session, f.state))
		},
		"another club": func(ctx context.Context, f *furnished) error {
			return only(f.db.TakeSignIn(ctx, store.Scope{ClubID: f.maeve.ClubID + 1, PersonID: f.maeve.PersonID}, f.session, f.state))
		},
	} {
		f := scenes.take(t, nil)
		for _, try := range []func(context.Context, *furnished) error{take, func(ctx context.Context, f *furnished) error {
			return only(f.db.TakeSignIn(ctx, f.maeve, f.session, f.state))
		}} {
			if err := try(t.Context(), f); !errors.Is(err, club.ErrNotFound) {
				t.Errorf("%s: %v, want %v", name, err, club.ErrNotFound)
			}
		}
		scenes.giveBack(true)
	}
}

// TestARequestIsCarriedOutOnce however many ask for it at once.
func TestARequestIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	answers := make(chan error)
	for range 8 {
		go func() { answers <- only(f.db.TakeRequest(t.Context(), f.maeve, f.request)) }()
	}
	taken := 0
	for range 8 {
		switch err := <-answers; {
		case err == nil:
			taken++
		case !errors.Is(err, club.ErrNotFound):
			t.Error(err)
		}
	}
	if taken != 1 {
		t.Errorf("taken %d times", taken)
	}
}

// TestNothingIsAskedAboutNothing: where there is nothing to look for, the answer
// is nothing, too.
func TestNothingIsAskedAboutNothing(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	ctx := t.Context()
	if m, err := f.db.Media(ctx, f.maeve.ClubID, []string{"none"}); len(m) > 0 || err != nil {
		t.Errorf("pictures: %v, %v", m, err)
	}
	if m, err := f.db.KnownMedia(ctx, []string{"none"}); len(m) > 0 || err != nil {
		t.Errorf("known pictures: %v, %v", m, err)
	}
	if r, err := f.db.Renditions(ctx, nil); len(r) > 0 || err != nil {
		t.Errorf("copies: %v, %v", r, err)
	}
	if r, err := f.db.Repeats(ctx, f.maeve, nil); len(r) > 0 || err != nil {
		t.Errorf("repeats: %v, %v", r, err)
	}
	if b, err := f.db.RawAnswer(ctx, f.maeve, f.waits.ID); len(b) > 0 || err != nil {
		t.Errorf("answer about a post that is not public: %q, %v", b, err)
	}
	if d, err := f.db.Delivery(ctx, f.maeve, "none"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a delivery without an id: %v, %v", d, err)
	}
}
