package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// album is a library of two pictures.
type album struct {
	noMedia
	err error
}

func (a album) Prepare(_ context.Context, _ int64, ids []string, _ platforms.ImageRules, fits map[string]platforms.Fit) ([]platforms.Media, error) {
	if a.err != nil {
		return nil, a.err
	}
	out := make([]platforms.Media, 0, len(ids))
	for _, id := range ids {
		out = append(out, platforms.Media{ID: id, Name: "team.jpg", Type: "image/jpeg", Width: 1080, Height: 1080, Bytes: 9, Fit: fits[id]})
	}
	return out, nil
}

func (r *rig) withMedia(m Media) {
	r.config.Media = m
	r.engine = NewEngine(r.config, NewSignIns(r.config))
}

const picture = "00112233445566778899aabbccddeeff"

// frozen reads what goes out with a delivery, as the next step would.
func (r *rig) frozen(post int64) platforms.Publication {
	r.t.Helper()
	d := r.delivery(post)
	if err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT body FROM deliveries WHERE post_id = ?`, post).Scan(&d.Body); err != nil {
		r.t.Fatal(err)
	}
	w := &run{Engine: r.engine, d: d}
	if err := w.readSteps(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return w.pub
}

func TestWhatGoesOutIsFrozenAtTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.photos = 4
	r.withMedia(album{})
	conn := r.connect()
	post := r.club.Post(club.Content{
		Text: "Everybody", Texts: map[int64]string{conn.ID: "Just here"}, Accounts: []int64{conn.ID}, Link: "https://club.example/trials",
		Media: []club.ContentMedia{{ID: picture, Alt: " Two children ", Fit: map[int64]platforms.Fit{conn.ID: platforms.FitPad}}},
	})
	r.club.Exec(`INSERT INTO media (id, club_id, name, type, width, height, bytes, sha256, created_by, created_at) VALUES (x'ab', ?, 'card.jpg', 'image/jpeg', 1, 1, 1, x'00', ?, 0)`, r.club.ClubID, r.club.PersonID)
	r.club.Exec(`INSERT INTO link_cards (club_id, url, state, title, description, media_id, read_at) VALUES (?, 'https://club.example/trials', 'ready', 'Trials', 'Come along', x'ab', 0)`, r.club.ClubID)
	if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	d := r.want(post, club.Published, club.Linked)
	want := platforms.Publication{
		Key: d.Key, CreatedAt: r.clock.Now(),
		Draft: platforms.Draft{
			Text:  "Just here",
			Lang:  i18n.Language,
			Link:  &platforms.Link{URL: "https://club.example/trials", Title: "Trials", Description: "Come along", Image: &platforms.Media{ID: "ab", Name: "team.jpg", Type: "image/jpeg", Width: 1080, Height: 1080, Bytes: 9}},
			Media: []platforms.Media{{ID: picture, Name: "team.jpg", Type: "image/jpeg", Width: 1080, Height: 1080, Bytes: 9, Alt: "Two children", Fit: platforms.FitPad}},
		},
	}
	if diff := cmp.Diff(want, r.frozen(post)); diff != "" {
		t.Errorf("what went out (-want +got):\n%s", diff)
	}
}

func TestPicturesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	gone := &platforms.Error{Kind: platforms.MediaRejected, Code: platforms.CodeMediaGone, Args: map[string]string{"file": "team.jpg"}}
	r := newRig(t, platforms.CertainByLooking)
	r.withMedia(album{err: gone})
	conn := r.connect()
	post := r.club.Post(club.Content{Text: "Team", Accounts: []int64{conn.ID}, Media: []club.ContentMedia{{ID: picture}}})
	if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if d := r.want(post, club.Failed, club.MediaRefused); d.Code != platforms.CodeMediaGone || d.Args["file"] != "team.jpg" {
		t.Errorf("says %s %v", d.Code, d.Args)
	}
}

func TestFaultOfOursIsTriedAgainAndLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.photos = 1
	r.withMedia(album{err: errors.New("disk full")})
	conn := r.connect()
	post := r.club.Post(club.Content{Text: "Team", Accounts: []int64{conn.ID}, Media: []club.ContentMedia{{ID: picture}}})
	if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.engine.RunDue(t.Context())
	r.want(post, club.Scheduled, club.Waiting)
	r.engine.Media = album{}
	r.engine.RunDue(t.Context())
	r.want(post, club.Scheduled, club.Waiting) // let alone for half a minute
	r.after(30 * time.Second)
	r.want(post, club.Published, club.Linked)
}

func TestSignInThatIsGoneStopsBeforeTheCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.club.Exec(`DELETE FROM connection_tokens`)
	r.engine.RunDue(t.Context())
	r.want(post, club.Scheduled, club.Blocked)
	if h, code := r.health(conn); h != club.NeedsReconnect || code != platforms.CodeAuthRevoked {
		t.Errorf("account is %s (%s)", h, code)
	}
	if n := r.server.count("/publish"); n != 0 {
		t.Errorf("%d calls without a sign-in", n)
	}

	if err := r.db.SaveTokens(t.Context(), conn.ID, r.tokens); err != nil {
		t.Fatal(err)
	}
	r.club.Exec(`UPDATE connections SET health = 'working'`)
	r.after(time.Minute)
	r.want(post, club.Published, club.Linked)
}

func TestAccountOfAPlatformThatIsNotBuiltIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.club.Connection("gone", r.tokens)
	post := r.schedule("Match day", 0, conn)
	r.settle()
	if d := r.want(post, club.NeedsAttention, club.Reconnect); d.Code != platforms.CodeAccountGone {
		t.Errorf("says %s", d.Code)
	}
}

// TestAnswerSurvivesTroubleWithTheDisk: the outcome of a call is committed as
// soon as that works again.
func TestAnswerSurvivesTroubleWithTheDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	failed := make(logged, 1)
	r.config.Log = slog.New(slog.NewTextHandler(failed, nil))
	r.withMedia(noMedia{})
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	r.club.Exec(`CREATE TRIGGER trouble BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'disk trouble'); END`)
	close(r.server.hold)
	<-failed
	r.club.Exec(`DROP TRIGGER trouble`)
	(<-r.waits).end()
	r.engine.running.Wait()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

func TestDisconnectingCancelsWhatWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", time.Hour, conn)
	if err := r.db.Disconnect(t.Context(), r.club.Scope, conn.ID, "test"); err != nil {
		t.Fatal(err)
	}
	r.want(post, club.Cancelled, "")
	r.after(2 * time.Hour)
	r.wantAccepted("Match day", 0)
}

func TestRetimedWhileItTriesAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	there := r.fake.url
	r.fake.url = "http://127.0.0.1:1"
	post := r.schedule("Match day", 0, r.connect())
	r.engine.RunDue(t.Context())
	d := r.want(post, club.Publishing, club.Backoff)
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonRetimes, Due: r.clock.Now().Add(time.Hour)}, "test", d.ID); err != nil {
		t.Fatal(err)
	}
	r.fake.url = there
	r.after(time.Hour - time.Second)
	r.want(post, club.Scheduled, club.Waiting)
	r.after(time.Second)
	if d := r.want(post, club.Published, club.Linked); d.Generation != 1 {
		t.Errorf("generation %d: nothing had left", d.Generation)
	}
}

func TestOvertakenByAPersonTheEngineStops(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.pictures = 1
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonCancels}, "test", r.delivery(post).ID); err != nil {
		t.Fatal(err)
	}
	close(r.server.hold)
	r.engine.running.Wait()
	r.after(time.Hour)
	r.want(post, club.Cancelled, "")
	r.wantAccepted("Match day", 0)
}

// logged receives when something was logged.
type logged chan struct{}

func (l logged) Write(b []byte) (int, error) {
	select {
	case l <- struct{}{}:
	default:
	}
	return len(b), nil
}
