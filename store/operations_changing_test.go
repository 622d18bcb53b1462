package store_test

import (
	"context"
	"net/url"
	"os"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

var (
	joe       = store.NewPerson{Email: "joe@example.org", Name: "Joe", PasswordHash: "h"}
	likes     = platforms.Numbers{Values: map[platforms.Number]int64{platforms.Likes: 2}}
	anApp     = platforms.App{"id": platforms.NewSecret("8")}
	newerPair = platforms.Tokens{Access: platforms.NewSecret("access-2"), Refresh: platforms.NewSecret("refresh-2")}
)

// outdated pauses the accounts of a platform.
func outdated(f *furnished) { f.ok(f.db.MarkOutdated(f.t.Context(), f.page.ID, "v1")) }

var changing = []operation{
	// People and clubs.
	{name: "CreateFirst", prepare: empty, do: func(ctx context.Context, f *furnished) error {
		return both(f.db.CreateFirst(ctx, maeve, river, "test"))
	}},
	{name: "NewSetupCode", prepare: empty, do: func(ctx context.Context, f *furnished) error { return only(f.db.NewSetupCode(ctx)) }},
	{name: "CreateClub", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreateClub(ctx, f.maeve.PersonID, river, "test"))
	}},
	{name: "UpdateClub: to another zone", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.UpdateClub(ctx, f.maeve, store.ClubChange{Name: "Riverside", Zone: "Europe/Dublin", LateMinutes: 60}, "test"))
	}},
	{name: "UpdateClub: to one that is hours ahead", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.UpdateClub(ctx, f.maeve, store.ClubChange{Name: "Riverside", Zone: "Pacific/Kiritimati", LateMinutes: 60}, "test"))
	}},
	{name: "PractiseAgain", do: func(ctx context.Context, f *furnished) error { return f.db.PractiseAgain(ctx, f.maeve, "test") }},
	{name: "GoLive", prepare: practising, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.GoLive(ctx, f.maeve, []int64{f.draft, f.planned}, "test"))
	}},
	{name: "UpdatePerson", do: func(ctx context.Context, f *furnished) error {
		return f.db.UpdatePerson(ctx, f.tom.PersonID, store.PersonChange{Name: "Thomas"})
	}},
	{name: "SetPassword", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SetPassword(ctx, f.tom.PersonID, "another hash", "test"))
	}},
	{name: "RehashPassword", do: func(ctx context.Context, f *furnished) error {
		return f.db.RehashPassword(ctx, f.tom.PersonID, "", "the same, stronger")
	}},
	{name: "CreatePasswordReset", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreatePasswordReset(ctx, f.tom.PersonID, "test"))
	}},
	{name: "CreateMemberReset", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.CreateMemberReset(ctx, f.maeve, f.tom.PersonID, "test"))
	}},
	{name: "UsePasswordReset", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.UsePasswordReset(ctx, f.reset, "another hash", "test"))
	}},
	{name: "CreateInvitation", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreateInvitation(ctx, f.maeve, "joe@example.org", club.Viewer, "test"))
	}},
	{name: "WithdrawInvitation", do: func(ctx context.Context, f *furnished) error {
		return f.db.WithdrawInvitation(ctx, f.maeve, f.invitation, "test")
	}},
	{name: "AcceptInvitation", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.AcceptInvitation(ctx, f.invited, f.eve, "test"))
	}},
	{name: "AcceptInvitationAsNew", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.AcceptInvitationAsNew(ctx, f.invited, joe, "test"))
	}},
	{name: "SetRole: of an admin who invited somebody", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetRole(ctx, f.maeve, f.ann.PersonID, club.Writer, "test")
	}},
	{name: "RemoveMember: an admin who invited somebody", do: func(ctx context.Context, f *furnished) error {
		return f.db.RemoveMember(ctx, f.maeve, f.ann.PersonID, "test")
	}},
	{name: "MarkSeen", do: func(ctx context.Context, f *furnished) error { return f.db.MarkSeen(ctx, f.tom) }},
	{name: "SetLastAccounts", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetLastAccounts(ctx, f.tom, []int64{f.page.ID})
	}},
	{name: "OpenNotice", do: func(ctx context.Context, f *furnished) error { return both(f.db.OpenNotice(ctx, f.maeve, f.notice)) }},
	{name: "MarkRead", do: func(ctx context.Context, f *furnished) error { return f.db.MarkRead(ctx, f.maeve) }},
	{name: "Audit", do: func(ctx context.Context, f *furnished) error { return f.db.Audit(ctx, f.tom, "signed_in", "", "test") }},

	// Accounts and signing in.
	{name: "BeginSignIn", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.BeginSignIn(ctx, f.maeve, f.session, store.PlatformSignIn{Platform: "tin", Verifier: platforms.NewSecret("v")}))
	}},
	{name: "TakeSignIn", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.TakeSignIn(ctx, f.maeve, f.session, f.state))
	}},
	{name: "CreateChoice", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreateChoice(ctx, f.maeve, store.Choice{Platform: "tin", Accounts: []platforms.Account{page("7")}}))
	}},
	{name: "ConnectChosen", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ConnectChosen(ctx, f.maeve, f.choice, []int{0, 1}, "test"))
	}},
	{name: "Connect: a new account", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Connect(ctx, f.maeve, false, account(f, "8", "metal/1"), "test"))
	}},
	{name: "Reconnect: two that wait for it", prepare: func(f *furnished) {
		f.ok(f.db.SetHealth(f.t.Context(), f.page.ID, club.NeedsReconnect, ""))
		f.ok(f.db.SetHealth(f.t.Context(), f.group.ID, club.NeedsReconnect, ""))
	}, do: func(ctx context.Context, f *furnished) error {
		seen := []platforms.Account{account(f, "1", "metal/1"), account(f, "2", "metal/1"), {Platform: "tin", RemoteID: "9", Unusable: "personal"}}
		return only(f.db.Reconnect(ctx, f.maeve, false, seen[0], seen, "test"))
	}},
	{name: "BeginDisconnect", do: func(ctx context.Context, f *furnished) error {
		return f.db.BeginDisconnect(ctx, f.maeve, f.page.ID, "test", f.clock.Now().Add(time.Minute))
	}},
	{name: "Disconnect: with posts to come", do: func(ctx context.Context, f *furnished) error {
		return f.db.Disconnect(ctx, f.maeve, f.page.ID, "test")
	}},
	{name: "DisconnectPractice: all or none", do: func(ctx context.Context, f *furnished) error { return f.db.DisconnectPractice(ctx, f.maeve, "test") }},
	{name: "SetSendsAgain", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetSendsAgain(ctx, f.maeve, f.page.ID, true, "test")
	}},
	{name: "SetHealth: needs a person", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetHealth(ctx, f.page.ID, club.NeedsReconnect, "expired")
	}},
	{name: "SetUsableHealth", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetUsableHealth(ctx, f.page.ID, club.WorksWithGaps, platforms.CodeRestricted)
	}},
	{name: "SaveCheck", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveCheck(ctx, f.page.ID, account(f, "1", "metal/1"), club.Working, "")
	}},
	{name: "NoteFailedCheck", do: func(ctx context.Context, f *furnished) error {
		return f.db.NoteFailedCheck(ctx, f.maeve, f.page.ID, "down")
	}},
	{name: "MarkRevoked", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.MarkRevoked(ctx, f.page.ID, 1, "expired"))
	}},
	{name: "SetNumbersPace: weekly", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetNumbersPace(ctx, f.maeve, f.page.ID, club.PaceWeekly, "test")
	}},
	{name: "SetNumbersPace: asked", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetNumbersPace(ctx, f.maeve, f.page.ID, club.PaceAsked, "test")
	}},
	{name: "MarkOutdated", do: func(ctx context.Context, f *furnished) error { return f.db.MarkOutdated(ctx, f.page.ID, "v1") }},
	{name: "ResumeUpdated", prepare: outdated, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ResumeUpdated(ctx, f.page.Account.Platform, "v2"))
	}},
	{name: "WarnOfVersion", do: func(ctx context.Context, f *furnished) error {
		return f.db.WarnOfVersion(ctx, f.page.Account.Platform, "v1", f.clock.Now().AddDate(0, 0, 60), 60)
	}},
	{name: "WarnOfEnd", do: func(ctx context.Context, f *furnished) error {
		return f.db.WarnOfEnd(ctx, store.EndingSignIn{Connection: f.page, Ends: f.clock.Now().AddDate(0, 0, 7)}, 7)
	}},
	{name: "Block", do: func(ctx context.Context, f *furnished) error {
		return f.db.Block(ctx, f.page.ID, f.clock.Now().Add(time.Hour))
	}},
	{name: "SaveLimits", do: func(ctx context.Context, f *furnished) error {
		two := []platforms.Limit{{Name: "day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 50}, {Name: "hour", Unit: platforms.LimitCalls, Span: platforms.SpanHour}}
		return f.db.SaveLimits(ctx, f.page.ID, f.page.ClubID, two, f.clock.Now().Add(time.Hour))
	}},
	{name: "SaveAppLimits", do: func(ctx context.Context, f *furnished) error {
		app := store.PlatformApp{Slot: "metal", Platforms: []platforms.ID{"tin", "zinc"}}
		two := []platforms.Limit{{Name: "day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 50}, {Name: "credit", Unit: platforms.LimitCredit, Span: platforms.SpanNone}}
		return f.db.SaveAppLimits(ctx, f.page.ID, app, two, f.clock.Now().Add(time.Hour))
	}},
	{name: "SaveTokens", do: func(ctx context.Context, f *furnished) error { return f.db.SaveTokens(ctx, f.page.ID, newerPair) }},
	{name: "SaveTokens: without a new refresh token", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveTokens(ctx, f.page.ID, platforms.Tokens{Access: newerPair.Access})
	}},
	{name: "StartRenewal", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.StartRenewal(ctx, f.page.ID, boot, f.clock.Now()))
	}},
	{name: "FinishRenewal: of a sign-in that two share", do: func(ctx context.Context, f *furnished) error {
		return f.db.FinishRenewal(ctx, f.late.ID, 1, newerPair)
	}},
	{name: "FailRenewal", do: func(ctx context.Context, f *furnished) error {
		return f.db.FailRenewal(ctx, f.page.ID, f.clock.Now().Add(time.Hour))
	}},
	{name: "SaveAppCredentials", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveAppCredentials(ctx, f.maeve, "metal", anApp, "test")
	}},
	{name: "DeleteAppCredentials", do: func(ctx context.Context, f *furnished) error {
		return f.db.DeleteAppCredentials(ctx, f.maeve, "metal", "test")
	}},

	// The library and what is put aside.
	{name: "CreateMedia", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CreateMedia(ctx, f.photo(store.NewID())))
	}},
	{name: "CreateRendition", do: func(ctx context.Context, f *furnished) error {
		return f.db.CreateRendition(ctx, club.Rendition{MediaID: f.picture, Spec: "wide", Type: "image/jpeg", Width: 9, Height: 9, Bytes: 9})
	}},
	{name: "SetMediaAlt", do: func(ctx context.Context, f *furnished) error {
		return f.db.SetMediaAlt(ctx, f.maeve, f.picture, "A raffle")
	}},
	{name: "DeleteMedia", do: func(ctx context.Context, f *furnished) error { return f.db.DeleteMedia(ctx, f.maeve.ClubID, f.unused) }},
	{name: "StartLinkCard", do: func(ctx context.Context, f *furnished) error { return f.db.StartLinkCard(ctx, f.maeve.ClubID, site) }},
	{name: "FinishLinkCard", do: func(ctx context.Context, f *furnished) error {
		return f.db.FinishLinkCard(ctx, f.maeve.ClubID, club.LinkCard{URL: site, State: club.CardReady, Title: "Raffle", MediaID: f.picture})
	}},
	{name: "FinishLinkCard: a page that cannot be read", do: func(ctx context.Context, f *furnished) error {
		return f.db.FinishLinkCard(ctx, f.maeve.ClubID, club.LinkCard{URL: site, State: club.CardUnreadable})
	}},
	{name: "KeepForm", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeepForm(ctx, f.maeve, url.Values{"text": {"Raffle"}}))
	}},
	{name: "DropKeptForm", do: func(ctx context.Context, f *furnished) error { return f.db.DropKeptForm(ctx, f.maeve, f.form) }},
	{name: "KeepRequest", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeepRequest(ctx, f.maeve, store.KeptRequest{Path: "/"}))
	}},
	{name: "TakeRequest", do: func(ctx context.Context, f *furnished) error { return only(f.db.TakeRequest(ctx, f.maeve, f.request)) }},

	// Posts.
	{name: "SavePost: a new one", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{Op: "new", Content: f.text("Raffle on Sunday", f.page), Campaign: f.campaign, Asked: true}
		return only(f.db.SavePost(ctx, f.maeve, c))
	}},
	{name: "SavePost: a draft, by somebody else, for another account", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.draft, Version: 1, Content: f.text("Raffle on Sunday", f.group, f.late), Asked: true, Slot: f.at("2026-12-01T10:00")}
		return only(f.db.SavePost(ctx, f.tom, c))
	}},
	{name: "SavePost: the same again", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.draft, Op: "draft", Content: f.text("Raffle", f.page, f.group), Asked: true}
		return only(f.db.SavePost(ctx, f.maeve, c))
	}},
	{name: "SavePost: what somebody else has saved", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SavePost(ctx, f.tom, store.PostChange{ID: f.draft, Content: f.text("Raffle", f.page, f.group)}))
	}},
	{name: "SavePost: a form that was saved by an answer that was lost", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{Op: "draft", Content: f.text("Raffle on Sunday", f.page), Asked: true}
		return only(f.db.SavePost(ctx, f.maeve, c))
	}},
	{name: "SavePost: changes to a scheduled one", do: func(ctx context.Context, f *furnished) error {
		p, err := f.db.Post(ctx, f.maeve, f.planned)
		if err != nil {
			return err
		}
		return only(f.db.SavePost(ctx, f.tom, store.PostChange{ID: p.ID, Version: p.Version, Content: f.text("Trials?", f.page), Slot: p.Planned}))
	}},
	{name: "SavePost: changes to a scheduled one are taken back", do: func(ctx context.Context, f *furnished) error {
		p, err := f.db.Post(ctx, f.maeve, f.planned)
		if err != nil {
			return err
		}
		return only(f.db.SavePost(ctx, f.tom, store.PostChange{ID: p.ID, Version: p.Version, Content: p.Live.Content, Slot: p.Planned}))
	}},
	{name: "SchedulePost: a draft for a time that has passed", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.draft, Version: 1, Content: f.text("Raffle", f.page), Slot: f.at("2026-11-20T10:00")}
		return only(f.db.SchedulePost(ctx, f.tom, c, "test"))
	}},
	{name: "SchedulePost: one that is public, for one more account", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.out, Version: 1, Content: f.text("Final score", f.page, f.group), Slot: f.at("2026-12-01T10:00")}
		return only(f.db.SchedulePost(ctx, f.maeve, c, "test"))
	}},
	{name: "SchedulePost: nothing new", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.missed, Version: 1, Content: f.text("Bus leaves at nine", f.late), Slot: f.at("2026-11-23T09:00")}
		return only(f.db.SchedulePost(ctx, f.maeve, c, "test"))
	}},
	{name: "SchedulePost: a draft", do: func(ctx context.Context, f *furnished) error {
		c := store.PostChange{ID: f.draft, Version: 1, Request: "once", Content: f.text("Raffle", f.page, f.group), Slot: f.at("2026-12-01T10:00")}
		return only(f.db.SchedulePost(ctx, f.tom, c, "test"))
	}},
	{name: "SchedulePost: changes to a scheduled one, at its time", do: func(ctx context.Context, f *furnished) error {
		p, err := f.db.Post(ctx, f.maeve, f.planned)
		if err != nil {
			return err
		}
		return only(f.db.SchedulePost(ctx, f.maeve, store.PostChange{ID: p.ID, Version: p.Version, Content: f.text("Trials?", f.group), Slot: p.Planned}, "test"))
	}},
	{name: "SchedulePost: a request that comes again", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SchedulePost(ctx, f.maeve, store.PostChange{Request: "Trials", Content: f.text("Trials", f.page)}, "test"))
	}},
	{name: "Schedule", do: func(ctx context.Context, f *furnished) error {
		return f.db.Schedule(ctx, f.maeve, f.draft, []int64{f.group.ID, f.late.ID}, f.clock.Now())
	}},
	{name: "MovePost: to another day", do: func(ctx context.Context, f *furnished) error {
		return f.move(ctx, f.planned, f.at("2026-12-01T10:00"))
	}},
	{name: "MovePost: a draft", do: func(ctx context.Context, f *furnished) error {
		return f.move(ctx, f.draft, f.at("2026-12-01T10:00"))
	}},
	{name: "MovePost: off the calendar", do: func(ctx context.Context, f *furnished) error { return f.move(ctx, f.planned, club.Slot{}) }},
	{name: "BackToDraft", do: func(ctx context.Context, f *furnished) error {
		return f.db.BackToDraft(ctx, f.maeve, f.planned, "test")
	}},
	{name: "BackToDraft: one that was put aside", do: func(ctx context.Context, f *furnished) error {
		return f.db.BackToDraft(ctx, f.maeve, f.missed, "test")
	}},
	{name: "ThrowAwayPending", do: func(ctx context.Context, f *furnished) error {
		p, err := f.db.Post(ctx, f.maeve, f.planned)
		if err != nil {
			return err
		}
		return f.db.ThrowAwayPending(ctx, f.maeve, p.ID, p.Version)
	}},
	{name: "DuplicatePost", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.DuplicatePost(ctx, f.maeve, f.out, "copy"))
	}},
	{name: "DeletePost", do: func(ctx context.Context, f *furnished) error { return f.db.DeletePost(ctx, f.maeve, f.planned, "test") }},

	// Publishing.
	{name: "Answer: sends it now", do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.asks.ID)
	}},
	{name: "Answer: another time", do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonRetimes, Due: f.clock.Now().AddDate(0, 0, 2)}, "test", f.asks.ID)
	}},
	{name: "Answer: it is there", prepare: unsure, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonFinds, URL: "https://tin.example/43"}, "test", f.goes.ID)
	}},
	{name: "Answer: sends again what was refused", prepare: refused, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.goes.ID)
	}},
	{name: "Transition: the body is fixed", do: func(ctx context.Context, f *furnished) error {
		return f.happens(ctx, f.waits, club.Event{Kind: club.Tick, Account: usable}, f.waits.DueAt, store.Facts{Body: []byte("{}")})
	}},
	{name: "Transition: public, with an id and without an address", do: func(ctx context.Context, f *furnished) error {
		return f.happens(ctx, f.goes, club.Event{Kind: club.SendEnded, Step: send, Result: platforms.StepResult{RemoteID: "43"}}, f.clock.Now(), store.Facts{Ended: f.attempt})
	}},
	{name: "Transition: refused for good", do: func(ctx context.Context, f *furnished) error {
		refusal := &platforms.Error{Kind: platforms.Rejected}
		return f.happens(ctx, f.goes, club.Event{Kind: club.SendEnded, Step: send, Err: refusal}, f.clock.Now(), store.Facts{Ended: f.attempt})
	}},
	{name: "Transition: the account has to rest", do: func(ctx context.Context, f *furnished) error {
		refusal := &platforms.Error{Kind: platforms.RateLimited}
		return f.happens(ctx, f.goes, club.Event{Kind: club.SendEnded, Step: send, Err: refusal}, f.clock.Now(), store.Facts{Ended: f.attempt})
	}},
	{name: "Transition: the sign-in is worth nothing any more", do: func(ctx context.Context, f *furnished) error {
		refusal := &platforms.Error{Kind: platforms.Revoked}
		return f.happens(ctx, f.goes, club.Event{Kind: club.SendEnded, Step: send, Err: refusal}, f.clock.Now(), store.Facts{Ended: f.attempt, Token: 1})
	}},
	{name: "Transition: a safe step has ended", prepare: begun, do: func(ctx context.Context, f *furnished) error {
		done := platforms.StepResult{Kind: "upload", Ref: "10", State: platforms.StepDone}
		e := club.Event{Kind: club.StepEnded, Step: platforms.Step{Kind: "upload"}, Result: done, Following: send}
		return f.happens(ctx, f.waits, e, f.waits.DueAt, store.Facts{Attempt: f.call("upload")})
	}},
	{name: "Transition: what was made has expired", prepare: begun, do: func(ctx context.Context, f *furnished) error {
		return f.happens(ctx, f.waits, club.Event{Kind: club.Tick, Account: usable, StepDied: true, Step: send}, f.waits.DueAt, store.Facts{})
	}},
	{name: "Transition: it is sent after a look", prepare: begun, do: func(ctx context.Context, f *furnished) error {
		call := f.call("publish")
		call.Irreversible = true
		return f.happens(ctx, f.waits, club.Event{Kind: club.Tick, Account: usable, Step: send}, f.waits.DueAt, store.Facts{Attempt: call, Look: f.call(store.AttemptLook)})
	}},
	{name: "Transition: public, and the next part begins", prepare: followed, do: func(ctx context.Context, f *furnished) error {
		return f.happens(ctx, f.waits, club.Event{Kind: club.SendEnded, Step: send, Result: platforms.StepResult{RemoteID: "46"}}, f.waits.DueAt, store.Facts{Ended: f.waitsCall})
	}},
	{name: "Transition: refused, and the next part stops", prepare: followed, do: func(ctx context.Context, f *furnished) error {
		refusal := &platforms.Error{Kind: platforms.Rejected}
		return f.happens(ctx, f.waits, club.Event{Kind: club.SendEnded, Step: send, Err: refusal}, f.waits.DueAt, store.Facts{Ended: f.waitsCall})
	}},
	{name: "Unfound", prepare: foundNowhere, do: func(ctx context.Context, f *furnished) error { return f.db.Unfound(ctx, f.waits.ID) }},
	{name: "Answer: sends a part whose post is looked for", prepare: func(f *furnished) {
		foundNowhere(f)
		f.ok(f.db.Unfound(f.t.Context(), f.waits.ID))
	}, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonSendsNow}, "test", f.follows.ID)
	}},
	{name: "Answer: leaves out a part that is followed", prepare: followed, do: func(ctx context.Context, f *furnished) error {
		return f.db.Answer(ctx, f.maeve, store.Answer{Kind: club.PersonCancels}, "test", f.follows.ID)
	}},
	{name: "SetAside: while it is sent, and is followed", prepare: followed, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SetAside(ctx, f.waits.ID))
	}},
	{name: "SetAside: while it is sent", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SetAside(ctx, f.goes.ID))
	}},
	{name: "SetAside: before it is sent", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SetAside(ctx, f.waits.ID))
	}},
	{name: "Recover: an open call of an earlier process", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Recover(ctx, boot, nil))
	}},
	{name: "Recover: from a journal that knows more", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Recover(ctx, boot, f.journal))
	}},
	{name: "SaveLink", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveLink(ctx, f.public, "https://tin.example/42")
	}},
	{name: "SaveNumbers", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveNumbers(ctx, f.measured(), likes, []byte("{}"), f.clock.Now())
	}},
	{name: "SaveNumbers: the last ones", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveNumbers(ctx, f.measured(), likes, []byte("{}"), time.Time{})
	}},
	{name: "EndWork: one goes on, one is over", do: func(ctx context.Context, f *furnished) error {
		return f.db.EndWork(ctx, store.WorkEnd{Work: f.numbersWork(), Next: f.clock.Now().Add(time.Hour), Failed: true}, store.WorkEnd{Work: accountNumbers(f.page)})
	}},
	{name: "RestWork", do: func(ctx context.Context, f *furnished) error {
		return f.db.RestWork(ctx, f.group.ID, everyKind, f.clock.Now().AddDate(0, 0, 2))
	}},
	{name: "MeasureNow", do: func(ctx context.Context, f *furnished) error { return only(f.db.MeasureNow(ctx, f.maeve, 0)) }},
	{name: "MeasureNow: of one post", do: func(ctx context.Context, f *furnished) error { return only(f.db.MeasureNow(ctx, f.maeve, f.out)) }},
	{name: "SaveAccountNumbers", do: func(ctx context.Context, f *furnished) error {
		return f.db.SaveAccountNumbers(ctx, accountNumbers(f.page), "2026-11-23", likes, []byte("{}"), f.clock.Now())
	}},
	{name: "DeleteRaw", prepare: aMonthLater, do: func(ctx context.Context, f *furnished) error { return f.db.DeleteRaw(ctx) }},

	// Holding back, the clock, and the installation.
	{name: "HoldPosts", prepare: held, do: func(ctx context.Context, f *furnished) error {
		return f.db.HoldPosts(ctx, f.maeve, "Another reason", time.Time{}, "test")
	}},
	{name: "HoldAll", do: func(ctx context.Context, f *furnished) error { return f.db.HoldAll(ctx, club.Restored) }},
	{name: "EndHold: of people", prepare: held, do: func(ctx context.Context, f *furnished) error {
		return f.db.EndHold(ctx, f.maeve, club.Held, "test")
	}},
	{name: "EndHold: of a clock in doubt", prepare: clockHeld, do: func(ctx context.Context, f *furnished) error {
		return f.db.EndHold(ctx, f.maeve, club.ClockInDoubt, "test")
	}},
	{name: "EndClockHolds", prepare: clockHeld, do: func(ctx context.Context, f *furnished) error { return f.db.EndClockHolds(ctx) }},
	{name: "EndPastHolds", prepare: func(f *furnished) {
		held(f)
		f.clock.Advance(2 * time.Hour)
	}, do: func(ctx context.Context, f *furnished) error { return f.db.EndPastHolds(ctx) }},
	{name: "AtPlace: another one", prepare: func(f *furnished) {
		f.ok(only(f.db.AtPlace(f.t.Context(), "here", false)))
	}, do: func(ctx context.Context, f *furnished) error { return only(f.db.AtPlace(ctx, "there", false)) }},
	{name: "AtPlace: on purpose", do: func(ctx context.Context, f *furnished) error { return only(f.db.AtPlace(ctx, "there", true)) }},
	{name: "SayAlive", do: func(ctx context.Context, f *furnished) error { return f.db.SayAlive(ctx) }},
	{name: "SaveClockOff", do: func(ctx context.Context, f *furnished) error { return f.db.SaveClockOff(ctx, 0) }},
	{name: "MendTimes", prepare: func(f *furnished) {
		f.ok(f.db.Block(f.t.Context(), f.page.ID, f.clock.Now().AddDate(1, 0, 0)))
	}, do: func(ctx context.Context, f *furnished) error { return f.db.MendTimes(ctx) }},
	{name: "FollowZones: of two posts", prepare: func(f *furnished) {
		c := store.PostChange{ID: f.draft, Version: 1, Content: f.text("Raffle"), Slot: f.at("2026-12-01T10:00")}
		f.ok(only(f.db.SavePost(f.t.Context(), f.maeve, c)))
		f.exec(`UPDATE posts SET planned_at = planned_at + 3600000 WHERE id IN (?, ?)`, f.planned, f.draft)
	}, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.FollowZones(ctx, f.clock.Now().AddDate(1, 0, 0)))
	}},
	{name: "DeleteExpired", prepare: aMonthLater, do: func(ctx context.Context, f *furnished) error { return f.db.DeleteExpired(ctx) }},
	{name: "SetInstallationValue", do: func(ctx context.Context, f *furnished) error { return f.db.SetInstallationValue(ctx, "k", "v") }},
	{name: "TryWriting", do: func(ctx context.Context, f *furnished) error { return f.db.TryWriting(ctx) }},
	{name: "Checkpoint", do: func(ctx context.Context, f *furnished) error { return f.db.Checkpoint(ctx) }},
	{name: "Examine", do: func(ctx context.Context, f *furnished) error { return only(f.db.Examine(ctx)) }},
	{name: "ExamineAfterCrash", prepare: crash, do: func(ctx context.Context, f *furnished) error { return f.db.ExamineAfterCrash(ctx) }},
}

// move gives a post another place.
func (f *furnished) move(ctx context.Context, post int64, to club.Slot) error {
	p, err := f.db.MovingPost(ctx, f.maeve, post)
	if err != nil {
		return err
	}
	return only(f.db.MovePost(ctx, f.maeve, store.Move{PostID: p.ID, Version: p.Version, Op: "drag", To: to, Role: club.Admin, Via: "drag"}, "test"))
}

// call is one that begins now.
func (f *furnished) call(kind string) *store.Attempt {
	return &store.Attempt{ID: store.NewID(), Generation: 1, Kind: kind, Boot: boot, StartedAt: f.clock.Now(), DeadlineAt: f.clock.Now()}
}

// happens moves a delivery by what has happened to it.
func (f *furnished) happens(ctx context.Context, d store.Delivery, e club.Event, now time.Time, facts store.Facts) error {
	ch, err := club.Next(d.Delivery, e, now)
	if err != nil {
		return err
	}
	return only(f.db.Transition(ctx, d, ch, facts))
}

func aMonthLater(f *furnished) { f.clock.Advance(31 * 24 * time.Hour) }

// crash makes it a database whose program was killed.
func crash(f *furnished) {
	f.ok(f.db.Close())
	f.ok(os.WriteFile(f.path+".damaged", nil, 0o600))
	f.reopen()
}
