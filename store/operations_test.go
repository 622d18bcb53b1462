package store_test

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// only and both drop what an operation answers beside its error.
func only[A any](_ A, err error) error { return err }

func both[A, B any](_ A, _ B, err error) error { return err }

// operations are all methods of the store that ask the database, each as it is
// called for a club in which everything has happened: where there is something to
// read, and something to change.
var operations = append(reading, changing...)

// everyKind is all kinds of work.
var everyKind = []store.WorkKind{store.WorkLink, store.WorkNumbers, store.WorkAccountNumbers, store.WorkCheck, store.WorkRenewal, store.WorkDisconnect}

var reading = []operation{
	{name: "AccessToken", do: func(ctx context.Context, f *furnished) error { return only(f.db.AccessToken(ctx, f.page.ID)) }},
	{name: "AccountNumbers", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.AccountNumbers(ctx, f.maeve, f.page.ID))
	}},
	{name: "ActiveHold", do: func(ctx context.Context, f *furnished) error { return only(f.db.ActiveHold(ctx, f.maeve)) }},
	{name: "Actor", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Actor(ctx, f.maeve.PersonID, f.maeve.ClubID))
	}},
	{name: "Actor: of a club that is held", prepare: held, do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Actor(ctx, f.maeve.PersonID, f.maeve.ClubID))
	}},
	{name: "Actor: somebody in two clubs", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Actor(ctx, f.ann.PersonID, f.ann.ClubID))
	}},
	{name: "AppCredentials", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.AppCredentials(ctx, f.maeve.ClubID, "metal", nil))
	}},
	{name: "AppEntered", do: func(ctx context.Context, f *furnished) error { return both(f.db.AppEntered(ctx, f.maeve, "metal")) }},
	{name: "Awaiting", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Awaiting(ctx, f.maeve, []int64{f.page.ID, f.late.ID}))
	}},
	{name: "Keepable", prepare: practising, do: func(ctx context.Context, f *furnished) error { return only(f.db.Keepable(ctx, f.maeve)) }},
	{name: "PracticePosts", prepare: practising, do: func(ctx context.Context, f *furnished) error { return only(f.db.PracticePosts(ctx, f.maeve)) }},
	{name: "PublishedAs", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.PublishedAs(ctx, f.maeve, []store.RemotePost{{ConnectionID: f.public.ConnectionID, RemoteID: "42"}}))
	}},
	{name: "PutAway", do: func(ctx context.Context, f *furnished) error { return only(f.db.PutAway(ctx, f.maeve)) }},
	{name: "Attempts", do: func(ctx context.Context, f *furnished) error { return only(f.db.Attempts(ctx, f.maeve, f.out)) }},
	{name: "AuditEntries", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.AuditEntries(ctx, f.maeve.ClubID, 9))
	}},
	{name: "CalendarPosts", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CalendarPosts(ctx, f.maeve, f.clock.Now(), f.clock.Now().AddDate(0, 1, 0)))
	}},
	{name: "CalendarPostsIn", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CalendarPostsIn(ctx, f.maeve, []store.Span{{From: f.clock.Now(), To: f.clock.Now().AddDate(0, 1, 0)}}))
	}},
	{name: "Campaigns", do: func(ctx context.Context, f *furnished) error { return only(f.db.Campaigns(ctx, f.maeve)) }},
	{name: "CheckMemberReset", do: func(ctx context.Context, f *furnished) error {
		return f.db.CheckMemberReset(ctx, f.maeve, f.tom.PersonID)
	}},
	{name: "CheckInvitation", do: func(ctx context.Context, f *furnished) error {
		return f.db.CheckInvitation(ctx, f.maeve, "somebody@new.example")
	}},
	{name: "Record", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Record(ctx, f.maeve, store.RecordQuery{Limit: 9}))
	}},
	{name: "Stake", do: func(ctx context.Context, f *furnished) error { return only(f.db.Stake(ctx, f.maeve, f.tom.PersonID)) }},
	{name: "CheckSetupCode", prepare: withSetupCode, do: func(ctx context.Context, f *furnished) error { return f.db.CheckSetupCode(ctx, f.setup) }},
	{name: "Choice", do: func(ctx context.Context, f *furnished) error { return only(f.db.Choice(ctx, f.maeve, f.choice)) }},
	{name: "ClockHeld", do: func(ctx context.Context, f *furnished) error { return only(f.db.ClockHeld(ctx)) }},
	{name: "ClockOff", do: func(ctx context.Context, f *furnished) error { return both(f.db.ClockOff(ctx)) }},
	{name: "Club", do: func(ctx context.Context, f *furnished) error { return only(f.db.Club(ctx, f.maeve.ClubID)) }},
	{name: "ConnectedAccount", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ConnectedAccount(ctx, f.maeve, false, f.page.ID))
	}},
	{name: "ConnectedAccounts", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ConnectedAccounts(ctx, f.maeve, false))
	}},
	{name: "Connection", do: func(ctx context.Context, f *furnished) error { return only(f.db.Connection(ctx, f.maeve, f.page.ID)) }},
	{name: "ConnectionChecks", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.ConnectionChecks(ctx, f.maeve, f.page.ID, 9))
	}},
	{name: "Connections", do: func(ctx context.Context, f *furnished) error { return only(f.db.Connections(ctx, f.maeve)) }},
	{name: "Deliveries", do: func(ctx context.Context, f *furnished) error { return only(f.db.Deliveries(ctx, f.maeve, f.draft)) }},
	{name: "Delivery", do: func(ctx context.Context, f *furnished) error { return only(f.db.Delivery(ctx, f.maeve, f.waits.ID)) }},
	{name: "Due", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Due(ctx, f.clock.Now().AddDate(0, 0, 9), nil, nil, 9))
	}},
	{name: "CountEarlierTexts", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.CountEarlierTexts(ctx, f.maeve, f.planned))
	}},
	{name: "WorkDue", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.WorkDue(ctx, f.clock.Now().AddDate(0, 1, 0), f.clock.Now(), everyKind))
	}},
	{name: "DueWork", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.DueWork(ctx, store.WorkDue{ConnectionID: f.group.ID}, f.clock.Now().AddDate(0, 1, 0), f.clock.Now(), everyKind, 9))
	}},
	{name: "Measurements", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Measurements(ctx, []store.Work{f.numbersWork()}))
	}},
	{name: "PlannedRenewal", do: func(ctx context.Context, f *furnished) error { return only(f.db.PlannedRenewal(ctx, f.page.ID)) }},
	{name: "Published", do: func(ctx context.Context, f *furnished) error { return only(f.db.Published(ctx, f.public.ID)) }},
	{name: "DueBefore", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.DueBefore(ctx, f.page.ID, f.clock.Now()))
	}},
	{name: "EarlierTexts", do: func(ctx context.Context, f *furnished) error { return only(f.db.EarlierTexts(ctx, f.maeve, f.planned)) }},
	{name: "EndingSignIns", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.EndingSignIns(ctx, "tin", false, f.clock.Now().AddDate(1, 0, 0)))
	}},
	{name: "Examined", do: func(ctx context.Context, f *furnished) error { return only(f.db.Examined(ctx)) }},
	{name: "FirstSteps", do: func(ctx context.Context, f *furnished) error { return only(f.db.FirstSteps(ctx, f.maeve)) }},
	{name: "InstallationValue", do: func(ctx context.Context, f *furnished) error { return only(f.db.InstallationValue(ctx, "place")) }},
	{name: "Invitation", do: func(ctx context.Context, f *furnished) error { return only(f.db.Invitation(ctx, f.invited)) }},
	{name: "Invitations", do: func(ctx context.Context, f *furnished) error { return only(f.db.Invitations(ctx, f.maeve.ClubID)) }},
	{name: "KeptForm", do: func(ctx context.Context, f *furnished) error { return only(f.db.KeptForm(ctx, f.maeve, f.form)) }},
	{name: "KeptFormClub", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KeptFormClub(ctx, f.maeve.PersonID, f.form))
	}},
	{name: "KeptRequest", do: func(ctx context.Context, f *furnished) error { return only(f.db.KeptRequest(ctx, f.maeve, f.request)) }},
	{name: "KnownMedia", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.KnownMedia(ctx, []string{f.picture, f.unused}))
	}},
	{name: "LastAlive", do: func(ctx context.Context, f *furnished) error { return only(f.db.LastAlive(ctx)) }},
	{name: "LastSent", do: func(ctx context.Context, f *furnished) error { return only(f.db.LastSent(ctx, f.goes.ID)) }},
	{name: "Limits", do: func(ctx context.Context, f *furnished) error { return only(f.db.Limits(ctx, f.maeve)) }},
	{name: "LinkCards", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.LinkCards(ctx, f.maeve.ClubID, []string{site}))
	}},
	{name: "Follows", do: func(ctx context.Context, f *furnished) error {
		next := f.public
		next.Part = 1
		return both(f.db.Follows(ctx, next))
	}},
	{name: "LiveContents", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.LiveContents(ctx, f.maeve.ClubID, []int64{f.waits.PostID, f.bare}))
	}},
	{name: "MeasuredPosts", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.MeasuredPosts(ctx, f.maeve, f.page.ID))
	}},
	{name: "Media", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Media(ctx, f.maeve.ClubID, []string{f.picture, f.unused}))
	}},
	{name: "MediaOfAnyClub", do: func(ctx context.Context, f *furnished) error { return only(f.db.MediaOfAnyClub(ctx, f.picture)) }},
	{name: "Members", do: func(ctx context.Context, f *furnished) error { return only(f.db.Members(ctx, f.maeve.ClubID)) }},
	{name: "Membership", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Membership(ctx, f.maeve.ClubID, f.maeve.PersonID))
	}},
	{name: "Memberships", do: func(ctx context.Context, f *furnished) error { return only(f.db.Memberships(ctx, f.maeve.PersonID)) }},
	{name: "MovingPost", do: func(ctx context.Context, f *furnished) error { return only(f.db.MovingPost(ctx, f.maeve, f.planned)) }},
	{name: "NeedsSetup", do: func(ctx context.Context, f *furnished) error { return only(f.db.NeedsSetup(ctx)) }},
	{name: "NextDue", do: func(ctx context.Context, f *furnished) error { return only(f.db.NextDue(ctx, f.clock.Now())) }},
	{name: "NextPlanned", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.NextPlanned(ctx, f.maeve, f.clock.Now()))
	}},
	{name: "Notices", do: func(ctx context.Context, f *furnished) error { return only(f.db.Notices(ctx, f.maeve, 9)) }},
	{name: "OneConnectionEach", do: func(ctx context.Context, f *furnished) error { return only(f.db.OneConnectionEach(ctx)) }},
	{name: "OpResult", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.OpResult(ctx, f.maeve.PersonID, store.OpMove, "op"))
	}},
	{name: "OpenAttempt", do: func(ctx context.Context, f *furnished) error { return only(f.db.OpenAttempt(ctx, f.goes.ID)) }},
	{name: "Others", do: func(ctx context.Context, f *furnished) error {
		return both(f.db.Others(ctx, f.waits, []string{f.public.RemoteID}))
	}},
	{name: "PasswordReset", do: func(ctx context.Context, f *furnished) error { return only(f.db.PasswordReset(ctx, f.reset)) }},
	{name: "People", do: func(ctx context.Context, f *furnished) error { return only(f.db.People(ctx)) }},
	{name: "Person", do: func(ctx context.Context, f *furnished) error { return only(f.db.Person(ctx, f.maeve.PersonID)) }},
	{name: "PersonByEmail", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.PersonByEmail(ctx, "admin0@example.org"))
	}},
	{name: "PlannedFor", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.PlannedFor(ctx, f.maeve, []int64{f.page.ID}, f.clock.Now()))
	}},
	{name: "Post", do: func(ctx context.Context, f *furnished) error { return only(f.db.Post(ctx, f.maeve, f.planned)) }},
	{name: "PostResults", do: func(ctx context.Context, f *furnished) error { return only(f.db.PostResults(ctx, f.maeve, f.out)) }},
	{name: "Posts", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Posts(ctx, f.maeve, store.PostFilter{Text: "tri", Limit: 9}))
	}},
	{name: "Queue", do: func(ctx context.Context, f *furnished) error { return only(f.db.Queue(ctx, f.maeve)) }},
	{name: "RawAnswer", do: func(ctx context.Context, f *furnished) error { return only(f.db.RawAnswer(ctx, f.maeve, f.public.ID)) }},
	{name: "Renditions", do: func(ctx context.Context, f *furnished) error { return only(f.db.Renditions(ctx, []string{f.picture})) }},
	{name: "Repeats", do: func(ctx context.Context, f *furnished) error {
		near := store.Near{PostID: f.draft, ConnectionID: f.page.ID, Mark: club.TextMark("Trials are off", site)}
		return only(f.db.Repeats(ctx, f.maeve, []store.Near{near}))
	}},
	{name: "Results", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.Results(ctx, f.maeve, store.ResultFilter{From: f.clock.Now().Add(-time.Hour), To: f.clock.Now().Add(time.Hour), Limit: 9}))
	}},
	{name: "Sharers", do: func(ctx context.Context, f *furnished) error { return both(f.db.Sharers(ctx, f.maeve, f.page)) }},
	{name: "SignInOrigins", do: func(ctx context.Context, f *furnished) error {
		return only(f.db.SignInOrigins(ctx, f.maeve.PersonID, f.clock.Now().Add(-time.Hour)))
	}},
	{name: "SignInTokens", do: func(ctx context.Context, f *furnished) error { return only(f.db.SignInTokens(ctx, f.page.ID)) }},
	{name: "Snapshots", do: func(ctx context.Context, f *furnished) error { return only(f.db.Snapshots(ctx, f.maeve, f.public.ID)) }},
	{name: "Standing", do: func(ctx context.Context, f *furnished) error { return only(f.db.Standing(ctx, f.waits)) }},
	{name: "Steps", do: func(ctx context.Context, f *furnished) error { return only(f.db.Steps(ctx, f.public.ID, 1)) }},
	{name: "Stranded", prepare: func(f *furnished) {
		f.exec(`UPDATE deliveries SET next_at = next_at + 864000000 WHERE id = unhex(?)`, f.waits.ID)
	}, do: func(ctx context.Context, f *furnished) error { return only(f.db.Stranded(ctx)) }},
	{name: "Timeline", do: func(ctx context.Context, f *furnished) error { return only(f.db.Timeline(ctx, f.maeve, f.out)) }},
	{name: "TrayPosts", do: func(ctx context.Context, f *furnished) error { return only(f.db.TrayPosts(ctx, f.maeve)) }},
	{name: "Unread", do: func(ctx context.Context, f *furnished) error { return only(f.db.Unread(ctx, f.maeve)) }},
	{name: "Waiting", do: func(ctx context.Context, f *furnished) error { return only(f.db.Waiting(ctx, f.maeve)) }},
}
