package store_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// site is an address that a post of the furnished club points to.
const site = "https://riverside.example/raffle"

// furnished is a club in which something of everything has happened, and what a
// test needs to name of it.
type furnished struct {
	t     *testing.T
	db    *store.DB
	clock *storetest.Clock
	path  string // of the database
	keys  *secret.Keyset

	maeve, ann, tom store.Scope // two admins and a publisher
	eve             int64       // a person without a club

	// page and group hang on one sign-in; late is for the post that was not sent.
	// The club practised with two more, before.
	page, group, late store.Connection

	picture, unused string // of the library: in a post, in none
	campaign        int64

	draft, bare, planned, missed, sent, lost, out int64 // posts; bare is a text for no account
	// waits is the delivery of planned, asks that of missed, which nobody sent in
	// time; of sent one is on its way, and of lost a call whose process is gone; of
	// out it is known that it is public.
	waits, asks, goes, gone, public store.Delivery

	attempt, died          string         // the calls of goes and of gone
	follows                store.Delivery // the part after waits, in the scenes that have one
	waitsCall              string         // the call of waits, in those scenes
	journal                []club.Witness
	invitation             int64
	invited, reset         string // links
	notice                 int64  // for maeve
	mark, form, request    string // of a form that is open; that were put aside
	session, state, choice string // of a sign-in that has begun
	setup                  string // the code that opens set-up
}

// boot is the process that runs now.
const boot = "this boot"

// furnish makes the club in a new directory, closes its database and returns what
// it is called.
func furnish(t *testing.T, dir string, keys *secret.Keyset) furnished {
	t.Helper()
	clock := storetest.NewClock()
	db, err := store.OpenThrough(t.Context(), storetest.DriverName, dir, keys, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	f := furnished{t: t, db: db, clock: clock, path: filepath.Join(dir, store.FileName)}
	f.people()
	f.accounts()
	f.library()
	f.posts()
	f.publish()
	f.write()
	f.putAside()
	f.ok(db.Reader().QueryRowContext(t.Context(), `SELECT min(id) FROM notices WHERE person_id = ? AND read_at IS NULL`, f.maeve.PersonID).Scan(&f.notice))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// open opens a copy of the furnished club: file is its database.
func (f furnished) open(t *testing.T, file []byte, keys *secret.Keyset) *furnished {
	t.Helper()
	dir := t.TempDir()
	f.t, f.clock, f.path = t, storetest.NewClock(), filepath.Join(dir, store.FileName)
	if err := os.WriteFile(f.path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	f.keys = keys
	f.reopen()
	return &f
}

// reopen opens the database again, as the next program does.
func (f *furnished) reopen() { f.db = storetest.OpenIn(f.t, filepath.Dir(f.path), f.keys, f.clock.Now) }

// must ends the test on an error of something that only sets the scene.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (f *furnished) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *furnished) exec(query string, args ...any) {
	f.t.Helper()
	_, err := f.db.Writer().ExecContext(f.t.Context(), query, args...)
	f.ok(err)
}

func (f *furnished) people() {
	ctx, db := f.t.Context(), f.db
	c := storetest.NewClub(f.t, db)
	f.maeve, f.ann, f.tom = c.Scope, c.Member(club.Admin), c.Member(club.Publisher)
	f.exec(`UPDATE clubs SET practice = 0`)
	other := storetest.NewClub(f.t, db)
	f.eve = other.PersonID
	f.exec(`DELETE FROM members WHERE person_id = ?`, f.eve)
	f.invited = must[string](f.t)(db.CreateInvitation(ctx, f.ann, "joe@example.org", club.Writer, "test"))
	f.invitation = must[[]store.Invitation](f.t)(db.Invitations(ctx, f.ann.ClubID))[0].ID
	f.reset = must[string](f.t)(db.CreatePasswordReset(ctx, f.tom.PersonID, "test"))
	must[store.Club](f.t)(db.CreateClub(ctx, f.ann.PersonID, river, "test"))
	f.ok(db.Audit(ctx, f.maeve, "signed_in", "", "192.0.2.1"))
}

// account is what a platform says of an account of the club.
func account(f *furnished, remoteID, signIn string) platforms.Account {
	a := page(remoteID)
	a.SignIn, a.AsksAgain = signIn, f.clock.Now().AddDate(0, 3, 0)
	a.Tokens.AccessExpires, a.Tokens.RefreshExpires = f.clock.Now().Add(time.Hour), f.clock.Now().AddDate(0, 2, 0)
	return a
}

func (f *furnished) accounts() {
	ctx, db := f.t.Context(), f.db
	connect := func(practice bool, a platforms.Account) store.Connection {
		return must[store.Connection](f.t)(db.Connect(ctx, f.maeve, practice, a, "test"))
	}
	f.page = connect(false, account(f, "1", "metal/1"))
	f.group = connect(false, account(f, "2", "metal/1"))
	f.late = connect(false, account(f, "3", ""))
	connect(true, account(f, "4", ""))
	connect(true, account(f, "5", ""))
	f.ok(db.SaveLimits(ctx, f.page.ID, f.page.ClubID, []platforms.Limit{{Name: "day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 50, Left: 40}}, time.Time{}))
	f.ok(db.SaveAppLimits(ctx, f.page.ID, store.PlatformApp{Slot: "metal", Platforms: []platforms.ID{"tin"}}, []platforms.Limit{{Name: "day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 50, Left: 40}}, time.Time{}))
	f.ok(db.SaveAppCredentials(ctx, f.maeve, "metal", platforms.App{"id": platforms.NewSecret("7")}, "test"))
	f.ok(db.SaveAccountNumbers(ctx, accountNumbers(f.page), "2026-11-22", platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 3}}, []byte(`{"f":3}`), f.clock.Now()))
}

func (f *furnished) library() {
	ctx, db := f.t.Context(), f.db
	for _, id := range []*string{&f.picture, &f.unused} {
		*id = store.NewID()
		must[club.Media](f.t)(db.CreateMedia(ctx, f.photo(*id)))
	}
	f.ok(db.CreateRendition(ctx, club.Rendition{MediaID: f.picture, Spec: "thumb", Type: "image/jpeg", Width: 9, Height: 9, Bytes: 9}))
	f.ok(db.StartLinkCard(ctx, f.maeve.ClubID, site))
	f.ok(db.FinishLinkCard(ctx, f.maeve.ClubID, club.LinkCard{URL: site, State: club.CardReady, Title: "Raffle", MediaID: f.picture}))
}

func (f *furnished) photo(id string) club.Media {
	return club.Media{
		ID: id, ClubID: f.maeve.ClubID, Name: "raffle.jpg", Type: "image/jpeg", Width: 90, Height: 90, Bytes: 900,
		SHA256: bytes.Repeat([]byte{1}, 32), CreatedBy: f.maeve.PersonID,
	}
}

// text is a post for accounts, with a picture and a link.
func (f *furnished) text(says string, accounts ...store.Connection) club.Content {
	c := club.Content{Text: says, Link: site, Media: []club.ContentMedia{{ID: f.picture}}}
	for _, a := range accounts {
		c.Accounts = append(c.Accounts, a.ID)
	}
	return c
}

// at is a time on the clock of the club.
func (f *furnished) at(local string) club.Slot {
	f.t.Helper()
	return must[club.Slot](f.t)(club.ParseSlot(local, "UTC"))
}

func (f *furnished) posts() {
	ctx, db := f.t.Context(), f.db
	f.draft = must[store.SavedPost](f.t)(db.SavePost(ctx, f.maeve, store.PostChange{
		Op: "draft", Content: f.text("Raffle", f.page, f.group), NewCampaign: "Autumn", Note: "Is this right?",
	})).ID
	f.bare = must[store.SavedPost](f.t)(db.SavePost(ctx, f.maeve, store.PostChange{Content: club.Content{Text: "Buns?"}})).ID
	f.campaign = must[[]store.Campaign](f.t)(db.Campaigns(ctx, f.maeve))[0].ID
	schedule := func(says, local string, a store.Connection) int64 {
		c := store.PostChange{Op: says, Request: says, Content: f.text(says, a), Slot: f.at(local)}
		return must[store.SavedPost](f.t)(db.SchedulePost(ctx, f.maeve, c, "test")).ID
	}
	f.planned = schedule("Trials", "2026-11-24T18:30", f.page)
	// Changed by somebody else, later: an earlier text is kept, and one is pending.
	p := must[store.Post](f.t)(db.Post(ctx, f.maeve, f.planned))
	p = f.change(p, f.text("Trials are off", f.page), p.Planned)
	must[store.SavedPost](f.t)(db.SavePost(ctx, f.maeve, store.PostChange{ID: f.planned, Version: p.Version, Content: f.text("Trials are on", f.page, f.group), Slot: p.Planned}))
	now := f.at("2026-11-23T09:00").Local
	f.missed = schedule("Bus leaves at nine", now, f.late)
	f.sent = schedule("Match day", now, f.page)
	f.lost = schedule("Match day, second half", now, f.page)
	f.out = schedule("Final score", now, f.group)
	for post, d := range map[int64]*store.Delivery{f.planned: &f.waits, f.missed: &f.asks, f.sent: &f.goes, f.lost: &f.gone, f.out: &f.public} {
		*d = must[[]store.Delivery](f.t)(db.Deliveries(ctx, f.maeve, post))[0]
	}
}

// change is a post after Tom has changed it and took the change over.
func (f *furnished) change(p store.Post, c club.Content, at club.Slot) store.Post {
	f.t.Helper()
	ctx := f.t.Context()
	must[store.SavedPost](f.t)(f.db.SchedulePost(ctx, f.tom, store.PostChange{ID: p.ID, Version: p.Version, Content: c, Slot: at}, "test"))
	return must[store.Post](f.t)(f.db.Post(ctx, f.tom, p.ID))
}

// publish takes the deliveries that are due as far as their names say.
func (f *furnished) publish() {
	ctx, db, now := f.t.Context(), f.db, f.clock.Now()
	begin := func(d *store.Delivery, process string) string {
		*d = next(f.t, db, *d, club.Event{Kind: club.Tick, Account: usable}, now, store.Facts{Body: []byte("{}")})
		a := &store.Attempt{ID: store.NewID(), Generation: 1, Kind: "publish", Irreversible: true, Boot: process, StartedAt: now, DeadlineAt: now}
		*d = next(f.t, db, *d, club.Event{Kind: club.Tick, Account: usable, Step: send}, now, store.Facts{Attempt: a})
		return a.ID
	}
	f.attempt = begin(&f.goes, boot)
	f.died = begin(&f.gone, "an earlier boot")
	f.public = next(f.t, db, f.public, club.Event{Kind: club.Tick, Account: usable}, now, store.Facts{Body: []byte("{}")})
	kept := &store.Attempt{ID: store.NewID(), Generation: 1, Kind: "upload", Boot: boot, StartedAt: now, DeadlineAt: now}
	f.public = next(f.t, db, f.public, club.Event{
		Kind: club.StepEnded, Step: platforms.Step{Kind: "upload"}, Result: platforms.StepResult{Kind: "upload", Ref: "9", State: platforms.StepDone}, Following: send,
	}, now, store.Facts{Attempt: kept})
	call := &store.Attempt{ID: store.NewID(), Generation: 1, Kind: "publish", Irreversible: true, Boot: boot, StartedAt: now, DeadlineAt: now}
	f.public = next(f.t, db, f.public, club.Event{Kind: club.Tick, Account: usable, Step: send}, now, store.Facts{Attempt: call})
	f.public = next(f.t, db, f.public, club.Event{Kind: club.SendEnded, Step: send, Result: platforms.StepResult{RemoteID: "42"}}, now, store.Facts{Ended: call.ID})
	f.ok(db.SaveNumbers(ctx, f.measured(), platforms.Numbers{Values: map[platforms.Number]int64{platforms.Likes: 1}}, []byte(`{"likes":1}`), now))
	f.asks = next(f.t, db, f.asks, club.Event{Kind: club.Tick, Account: usable}, now.AddDate(0, 0, 1), store.Facts{})
}

// write keeps a journal that knows more than the database: an answer that was lost,
// and calls of which it has no row.
func (f *furnished) write() {
	w := func(d, attempt, process string, o club.Outcome, remoteID string) {
		f.journal = append(f.journal, club.Witness{Delivery: d, Attempt: attempt, Boot: process, Generation: 1, At: f.clock.Now(), Outcome: o, RemoteID: remoteID})
	}
	w(f.goes.ID, f.attempt, boot, club.Accepted, "43")
	w(f.gone.ID, f.died, "an earlier boot", club.Accepted, "43") // cannot be: 43 is another's
	w(f.waits.ID, store.NewID(), "lost", "", "")
	w(f.waits.ID, store.NewID(), "lost", club.Rejected, "")
	w(f.asks.ID, store.NewID(), "lost", club.Accepted, "44")
	w(f.public.ID, store.NewID(), "lost", club.NotSent, "")
	w(store.NewID(), store.NewID(), "of another club", club.Accepted, "45")
}

func (f *furnished) measured() store.Measurement {
	return store.Measurement{Work: f.numbersWork(), RemoteID: "42"}
}

// numbersWork is the work of reading the numbers of what was published.
func (f *furnished) numbersWork() store.Work {
	return store.Work{
		Kind: store.WorkNumbers, Key: f.public.ID, ClubID: f.group.ClubID, ConnectionID: f.group.ID,
		NextAt: club.FirstNumbers(club.PaceUseful, f.public.PublishedAt),
	}
}

// accountNumbers is the work of reading the numbers of an account.
func accountNumbers(c store.Connection) store.Work {
	return store.Work{Kind: store.WorkAccountNumbers, Key: strconv.FormatInt(c.ID, 10), ClubID: c.ClubID, ConnectionID: c.ID, NextAt: c.ConnectedAt}
}

// putAside leaves what people have begun and not ended.
func (f *furnished) putAside() {
	ctx, db := f.t.Context(), f.db
	f.mark = db.FormMark(f.maeve)
	f.form = must[string](f.t)(db.KeepForm(ctx, f.maeve, url.Values{"text": {"Raffle"}}))
	f.request = must[string](f.t)(db.KeepRequest(ctx, f.maeve, store.KeptRequest{Path: "/connections/1/disconnect", Form: url.Values{"sure": {"yes"}}}))
	f.ok(db.SayAlive(ctx))
	f.ok(db.SaveClockOff(ctx, time.Minute))
	f.ok(only(db.Examine(ctx)))
	f.session = "session"
	f.state = must[string](f.t)(db.BeginSignIn(ctx, f.maeve, f.session, store.PlatformSignIn{Platform: "tin", Verifier: platforms.NewSecret("v")}))
	f.choice = must[string](f.t)(db.CreateChoice(ctx, f.maeve, store.Choice{Platform: "tin", Accounts: []platforms.Account{account(f, "2", "metal/1"), account(f, "6", "metal/1")}}))
}

// Scenes that some operations need beside the furnished club.

// held: Maeve holds all posts.
func held(f *furnished) {
	f.ok(f.db.HoldPosts(f.t.Context(), f.maeve, "A funeral", f.clock.Now().Add(time.Hour), "test"))
}

// practising: the club still practises, and all of its posts are practice posts.
func practising(f *furnished) {
	f.exec(`UPDATE clubs SET practice = 1 WHERE id = ?`, f.maeve.ClubID)
	f.exec(`UPDATE posts SET practice = 1 WHERE club_id = ?`, f.maeve.ClubID)
}

// empty is an installation that nobody has set up.
func empty(f *furnished) {
	f.ok(f.db.Close())
	f.clock = storetest.NewClock()
	f.db = storetest.Open(f.t, f.clock.Now)
	f.ok(f.db.Reader().QueryRowContext(f.t.Context(), `SELECT file FROM pragma_database_list`).Scan(&f.path))
}

func withSetupCode(f *furnished) {
	empty(f)
	f.setup = must[string](f.t)(f.db.NewSetupCode(f.t.Context()))
}

// begun: the planned post is on its way, and nothing of it can be public yet.
func begun(f *furnished) {
	f.waits = next(f.t, f.db, f.waits, club.Event{Kind: club.Tick, Account: usable}, f.waits.DueAt, store.Facts{Body: []byte("{}")})
}

// refused: the platform did not take what was sent.
func refused(f *furnished) {
	f.goes = next(f.t, f.db, f.goes, club.Event{Kind: club.SendEnded, Step: send, Err: &platforms.Error{Kind: platforms.Rejected}}, f.clock.Now(), store.Facts{Ended: f.attempt})
}

// unsure: nobody knows whether what was sent is public.
func unsure(f *furnished) {
	f.exec(`UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'ambiguous' WHERE id = unhex(?)`, f.goes.ID)
}

// clockHeld: everything waits for an admin to say that the clock is right.
func clockHeld(f *furnished) {
	f.ok(f.db.HoldAll(f.t.Context(), club.ClockInDoubt))
	f.ok(f.db.SaveClockOff(f.t.Context(), time.Hour))
}
