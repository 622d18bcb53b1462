package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestSignInGoneWhileItIsLookedFor is rule P5: the call was made, its answer is lost,
// and then the account has no sign-in. That proves nothing: the post is not said
// to have failed, and is found once somebody has signed in.
func TestSignInGoneWhileItIsLookedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	r.server.misbehave("reset_after")
	r.server.lookFail = []string{"error"}
	post := r.schedule("Match day", 0, conn)
	r.after(0)
	r.club.Exec(`DELETE FROM connection_tokens`)
	r.after(time.Minute)
	r.want(post, club.Publishing, club.Reconciling)
	if h, _ := r.health(conn); h != club.NeedsReconnect {
		t.Errorf("the account is %s", h)
	}
	if err := r.db.SaveTokens(t.Context(), conn.ID, r.tokens); err != nil {
		t.Fatal(err)
	}
	r.club.Exec(`UPDATE connections SET health = 'working'`)
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestBodyThatCannotBeReadIsNotSent: what is frozen is damaged. It is not guessed
// what was meant, the account rests, and the others go on.
func TestBodyThatCannotBeReadIsNotSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.pictures = 1 })
	r.server.misbehave("reset_before")
	post := r.schedule("Match day", 0, r.connect())
	r.after(0)
	r.want(post, club.Publishing, club.Backoff)
	r.club.Exec(`UPDATE deliveries SET body = x'7b'`)
	other := r.schedule("Away game", 0, r.connect())
	for range 10 {
		r.after(time.Minute)
	}
	r.want(other, club.Published, club.Linked)
	r.want(post, club.Publishing, club.Backoff)
	r.wantAccepted("Match day", 0)
}

// cutOffLook is a platform that never answers a look.
type cutOffLook struct {
	*fake
	looks chan struct{}
}

func (c cutOffLook) Settle(ctx context.Context, _ platforms.Session, _ platforms.Publication, _ []platforms.StepResult, _ time.Time) (platforms.Evidence, error) {
	c.looks <- struct{}{}
	<-ctx.Done()
	return platforms.Evidence{}, ctx.Err()
}

// TestLookThatIsCutOffCountsForNothing is rule P18: the process ends while it looks.
// The next one looks as if nobody had.
func TestLookThatIsCutOffCountsForNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	p := cutOffLook{r.fake, make(chan struct{}, 1)}
	r.on(p)
	r.server.misbehave("reset_after")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	r.engine.tick(ctx)
	select {
	case <-p.looks:
	case w := <-r.waits:
		t.Fatalf("it waits %v", w.long)
	}
	stop()
	r.engine.running.Wait()
	if d := r.want(post, club.Publishing, club.Reconciling); d.Looks != 0 || d.TriesAmbiguous != 0 {
		t.Errorf("the look that was cut off counts: %+v", d)
	}
	r.on(r.fake)
	r.restart()
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestNothingIsTakenIntoHandWhenTheProcessEnds: what waits for its line then stays
// as it is.
func TestNothingIsTakenIntoHandWhenTheProcessEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	due, err := r.db.Due(t.Context(), r.clock.Now(), nil, nil, 1)
	if err != nil || len(due) != 1 {
		t.Fatal(len(due), err)
	}
	if err := r.engine.deliver(ctx, r.clock.Now, due[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	r.want(post, club.Scheduled, club.Waiting)
	r.wantAccepted("Match day", 0)
}

// TestForgottenCallAndADatabaseThatRefuses: an answer could never be kept, and
// the same process finds the call open (row 23). Whatever is refused then, it is
// looked for, and not sent again.
func TestForgottenCallAndADatabaseThatRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, refusable)
	r.patient()
	conn := r.connect()
	for n := 0; ; n++ {
		text := fmt.Sprintf("Post %d", n)
		post := r.schedule(text, 0, conn)
		d := r.intent(post)
		r.server.accept(conn.Account.RemoteID, d.Key, text)
		r.clock.Advance(2 * time.Minute)
		r.refusals.arm(n, refusal{says: func(bool) error { return errNobodyKnows }})
		r.after(0)
		met := r.refusals.lift()
		r.settle()
		r.wantEnd(post, text, endState{club.Published, club.Linked, 1}, "after "+met)
		r.wantSound(conn.ID, "after "+met)
		if t.Failed() {
			t.Fatalf("statement %d: %s\n%s", n, met, r.story(post))
		}
		if met == "" {
			return
		}
		r.clock.Advance(10 * time.Minute)
	}
}

// TestAppThatCannotBeReadDelaysOnly: the credentials of the platform's app are not
// to be had for a while. No call is made without them, and no sign-in is given up.
func TestAppThatCannotBeReadDelaysOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute))
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	app, fails := r.config.App, 0
	r.config.App = func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error) {
		if fails++; fails < 4 {
			return nil, errors.New("sealed with another key")
		}
		return app(ctx, clubID, practice, slot)
	}
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if _, err := r.engine.signIns.Renew(t.Context(), conn, 1); err == nil || r.server.renewals.Load() > 0 {
		t.Errorf("%d renewals without the app, %v", r.server.renewals.Load(), err)
	}
	r.after(0)
	r.want(post, club.Publishing, club.Preparing)
	r.wantAccepted("Match day", 0)
	r.settle()
	r.want(post, club.Published, club.Linked)
	if h, code := r.health(conn); h != club.Working {
		t.Errorf("the account is %s (%s)", h, code)
	}
}

// TestSignInThatIsOverWaitsForItsRenewal: the token is dead, and the platform's
// renewal is down. Nothing is sent with a dead token, the account stays connected,
// and everything goes out when the renewal works again (rule P17).
func TestSignInThatIsOverWaitsForItsRenewal(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute))
	conn := r.connect()
	r.server.renewAs = []string{"error", "error", "error", "error"}
	r.clock.Advance(2 * time.Minute)
	post := r.schedule("Match day", 0, conn)
	r.after(time.Second)
	r.wantAccepted("Match day", 0)
	if n := r.server.count("/publish"); n > 0 {
		t.Errorf("%d calls with a token that is over", n)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("the account is %s", h)
	}
}

// resting is a platform that says when a renewal may be tried again.
type resting struct {
	renewingFake
	until time.Time
}

func (f resting) Renew(ctx context.Context, app platforms.App, a platforms.Account, refresh platforms.Secret) (platforms.Tokens, error) {
	if f.until.After(f.now()) {
		_ = f.post(ctx, "/renew", "", []byte("{}"), &struct{}{})
		return platforms.Tokens{}, &platforms.Error{Kind: platforms.RateLimited, Platform: "fake", RetryAt: f.until}
	}
	return f.renewingFake.Renew(ctx, app, a, refresh)
}

// TestRenewalWaitsForAsLongAsThePlatformSays is rule P13 for sign-ins.
func TestRenewalWaitsForAsLongAsThePlatformSays(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute))
	r.on(resting{renewingFake{r.fake}, r.clock.Now().Add(time.Hour)})
	conn := r.connect()
	for range 59 {
		if _, err := r.engine.signIns.Renew(t.Context(), conn, 1); err == nil {
			t.Fatal("renewed")
		}
		r.clock.Advance(time.Minute)
	}
	if n := r.server.renewals.Load(); n != 1 {
		t.Errorf("asked %d times within the hour, want once", n)
	}
	r.clock.Advance(time.Minute)
	if _, err := r.engine.signIns.Renew(t.Context(), conn, 1); err != nil {
		t.Errorf("after the hour: %v", err)
	}
}

// TestEachStatementOfARefusedRenewalFails is rule P17: the platform fails or takes back
// the sign-in, and the database refuses to keep that. It is kept the next time; a
// failure alone never asks for a new sign-in.
func TestEachStatementOfARefusedRenewalFails(t *testing.T) {
	t.Parallel()
	for as, want := range map[string]club.Health{"error": club.Working, "revoked": club.NeedsReconnect} {
		for _, kind := range refusalKinds {
			r := newRig(t, platforms.CertainByLooking, refusable, renewing(onUse))
			r.patient()
			for n := 0; ; n += everyStatement(t, kind) {
				conn := r.connect()
				r.server.renewAs = []string{as, as, as, as, as, as}
				for range 2 {
					_, _ = r.engine.signIns.Renew(t.Context(), conn, 1)
					r.clock.Advance(time.Hour)
				}
				r.refusals.arm(n, kind)
				_, _ = r.engine.signIns.Renew(t.Context(), conn, 1)
				met := r.refusals.lift()
				r.clock.Advance(time.Hour)
				if _, err := r.engine.signIns.Renew(t.Context(), conn, 1); err == nil {
					t.Errorf("%s, after %s: renewed", as, met)
				}
				if h, code := r.health(conn); h != want || as == "error" && code != platforms.CodeRenewFailing {
					t.Errorf("%s, after %s: the account is %s (%s), want %s", as, met, h, code, want)
				}
				if t.Failed() || met == "" {
					break
				}
			}
		}
	}
}

// TestEachStatementOfADisconnectFails is rule A5: the person presses again. Then the
// sign-in is destroyed here, and the platform was told.
func TestEachStatementOfADisconnectFails(t *testing.T) {
	t.Parallel()
	for _, kind := range refusalKinds {
		r := newRig(t, platforms.CertainByLooking, refusable)
		p := &withdrawing{fake: r.fake}
		r.on(p)
		r.patient()
		for n := 0; ; n += everyStatement(t, kind) {
			conn := r.connect()
			post := r.schedule("Match day", time.Hour, conn)
			told := p.withdrawn.Load()
			r.refusals.arm(n, kind)
			_, err := r.engine.signIns.Disconnect(t.Context(), r.club.Scope, conn, "test")
			met := r.refusals.lift()
			if err != nil {
				if _, err = r.engine.signIns.Disconnect(t.Context(), r.club.Scope, conn, "test"); err != nil {
					t.Errorf("%s, after %s: pressed again: %v", kind.name, met, err)
				}
			}
			if _, err := r.db.AccessToken(t.Context(), conn.ID); !errors.Is(err, club.ErrNotFound) {
				t.Errorf("%s, after %s: the sign-in is still there, %v", kind.name, met, err)
			}
			if p.withdrawn.Load() == told && !strings.Contains(met, "connection_tokens") && !strings.Contains(met, "refresh") {
				t.Errorf("%s, after %s: the platform was not told", kind.name, met)
			}
			if h, _ := r.health(conn); h != club.Disconnected {
				t.Errorf("%s, after %s: the account is %s", kind.name, met, h)
			}
			r.want(post, club.Cancelled, "")
			if t.Failed() || met == "" {
				break
			}
		}
	}
}

// TestEachStatementOfADoubtFails is row 38: the clock is set ahead, and back, and
// believed by an admin, and the database refuses something meanwhile. Nothing goes
// out by the wrong clock, and everything by the right one.
func TestEachStatementOfADoubtFails(t *testing.T) {
	t.Parallel()
	for _, kind := range refusalKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for n := 0; n < 24; n += 5 {
				r := newRig(t, platforms.CertainByLooking, refusable, telling)
				r.patient()
				conn := r.connect()
				post := r.schedule("Match day", 30*time.Minute, conn)
				r.minutes(1)
				r.refusals.arm(n, kind)
				r.setClock(time.Hour)
				r.minutes(2)
				r.refusals.lift()
				r.minutes(3)
				r.wantHold(club.ClockInDoubt)
				r.wantAccepted("Match day", 0)
				r.want(post, club.NeedsAttention, club.ClockInDoubt)
				r.refusals.arm(n, kind)
				if n%2 == 0 {
					r.setClock(-time.Hour)
				} else {
					r.refusals.aside(func() {
						if err := r.db.EndHold(t.Context(), r.club.Scope, club.ClockInDoubt, "test"); err != nil {
							t.Error(err)
						}
					})
				}
				r.minutes(2)
				r.refusals.lift()
				r.minutes(3)
				r.wantHold("")
				next := r.schedule("Away game", time.Minute, conn)
				r.minutes(2)
				r.want(next, club.Published, club.Linked)
				r.wantAccepted("Match day", 0)
				if t.Failed() {
					t.Fatalf("statement %d", n)
				}
			}
		})
	}
}

// TestDamageFoundByTheWeeklyLook: from then on nothing is published, and the log
// says why (rule D10).
func TestDamageFoundByTheWeeklyLook(t *testing.T) {
	t.Parallel()
	r, log := newRig(t, platforms.CertainByLooking), &loud{}
	r.config.Log = slog.New(slog.NewTextHandler(log, nil))
	r.restart()
	post := r.schedule("Match day", time.Minute, r.connect())
	var path string
	var page int64 // that nothing else reads
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT rootpage FROM sqlite_master WHERE name = 'post_snapshots'`).Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := r.db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(make([]byte, dbPage), (page-1)*dbPage)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	r.forgetPages()
	r.recur("examine the database")
	if r.engine.Status().Damage.At.IsZero() {
		t.Error("it is not found")
	}
	for range 3 {
		r.after(time.Minute)
	}
	r.wantAccepted("Match day", 0)
	r.want(post, club.Scheduled, club.Waiting)
	if !strings.Contains(log.b.String(), "damaged") {
		t.Errorf("the log says %s", log.b.String())
	}
}

// TestBallastThatCannotBeReleased: the log says so once, and the engine waits and
// goes on as ever.
func TestBallastThatCannotBeReleased(t *testing.T) {
	t.Parallel()
	r, log := newRig(t, platforms.CertainByLooking), &loud{}
	r.config.Log = slog.New(slog.NewTextHandler(log, nil))
	r.config.Ballast = stuck{}
	r.restart()
	post := r.schedule("Match day", 0, r.connect())
	r.pragma("query_only = 1")
	for range 5 {
		r.after(holdFor)
	}
	if n := strings.Count(log.b.String(), "no space could be made"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, log.b.String())
	}
	r.pragma("query_only = 0")
	r.after(time.Minute)
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

type stuck struct{}

func (stuck) Load() error    { return nil }
func (stuck) Release() error { return errors.New("a directory lies in its place") }

// TestCardWithoutItsPicture: a link goes out without its picture if that cannot be
// sent, and waits if the fault is ours.
func TestCardWithoutItsPicture(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		waits bool
	}{
		"refused": {&platforms.Error{Kind: platforms.MediaRejected, Code: platforms.CodeMediaGone}, false},
		"ours":    {errors.New("the disk"), true},
	} {
		r := newRig(t, platforms.CertainByLooking)
		r.withMedia(album{err: tt.err})
		conn := r.connect()
		const link = "https://club.example/trials"
		post := r.club.Post(club.Content{Text: name, Accounts: []int64{conn.ID}, Link: link})
		r.club.Exec(`INSERT INTO media (id, club_id, name, type, width, height, bytes, sha256, created_by, created_at) VALUES (x'ab', ?, 'card.jpg', 'image/jpeg', 1, 1, 1, x'00', ?, 0)`, r.club.ClubID, r.club.PersonID)
		r.club.Exec(`INSERT INTO link_cards (club_id, url, state, title, description, media_id, read_at) VALUES (?, ?, 'ready', 'Trials', '', x'ab', 0)`, r.club.ClubID, link)
		if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
			t.Fatal(err)
		}
		r.engine.RunDue(t.Context())
		if tt.waits {
			r.want(post, club.Scheduled, club.Waiting)
			r.wantAccepted(name, 0)
			r.engine.Media = album{}
			r.after(coolFor)
		}
		r.want(post, club.Published, club.Linked)
		if sent := r.frozen(post); sent.Link == nil || sent.Link.Title != "Trials" || (sent.Link.Image != nil) != tt.waits {
			t.Errorf("%s: sent %+v", name, sent.Link)
		}
	}
}

// TestManyAtOnceAndNoMore: beyond 32 calls at a time the rest waits for its turn.
func TestManyAtOnceAndNoMore(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	var posts []int64
	var slow []string
	for n := range atOnce + 3 {
		posts = append(posts, r.schedule(fmt.Sprintf("Post %d", n), 0, r.connect()))
		slow = append(slow, "slow")
	}
	r.server.misbehave(slow[:atOnce]...)
	if n := r.engine.tick(t.Context()); n != atOnce {
		t.Errorf("%d taken into hand, want %d", n, atOnce)
	}
	for range atOnce {
		<-r.server.entered
	}
	if n := r.engine.tick(t.Context()); n != 0 {
		t.Errorf("%d more taken into hand", n)
	}
	close(r.server.hold)
	r.engine.running.Wait()
	r.settle()
	for _, post := range posts {
		r.want(post, club.Published, club.Linked)
	}
}
