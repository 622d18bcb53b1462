package faults

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestEveryPlatformAfterADeath kills the process between the commit of the
// intent and the call, or right after the platform acted (T-CRASH).
func TestEveryPlatformAfterADeath(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		info := newPlatform(platforms.Env{}).Info()
		for _, acted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s acted %v", info.ID, acted), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, newPlatform)
				post := s.schedule("Match day")
				s.die(post, acted)
				s.settle()
				d := s.delivery(post)
				want := club.Linked
				if !acted && info.Certainty == platforms.CertainByLooking {
					want = club.Ambiguous
				}
				if d.Phase != want {
					t.Errorf("ended as %s/%s (%s), want %s:\n%s", d.Status, d.Phase, d.Code, want, s.story(post))
				}
				s.honest(d)
			})
		}
	}
}

// stage is an engine with one account on one simulator, over real HTTP.
type stage struct {
	*testing.T
	world  *platformtest.World
	db     *store.DB
	club   *storetest.Club
	conn   store.Connection
	config jobs.Config
	engine *jobs.Engine
	signIn *jobs.SignIns

	pictures int // in the post
}

// newStage connects the account. ready prepares the simulator before that.
func newStage(t *testing.T, newPlatform func(platforms.Env) platforms.Platform, ready ...func(platforms.Simulator)) *stage {
	t.Helper()
	id := newPlatform(platforms.Env{}).Info().ID
	w := platformtest.NewWorld(t, platformtest.Suite{New: newPlatform, NewSim: simulatorOf(t, newPlatform), Typed: e2ekit.PracticeSignIn(id)})
	for _, prepare := range ready {
		prepare(w.Sim)
	}
	s := &stage{T: t, world: w, db: storetest.Open(t, w.Clock.Now)}
	s.club = storetest.NewClub(t, s.db)
	session := w.Connect()
	choice, err := s.db.CreateChoice(t.Context(), s.club.Scope, store.Choice{Platform: id, Accounts: []platforms.Account{session.Account}})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.db.ConnectChosen(t.Context(), s.club.Scope, choice, []int{0}, "test")
	if err != nil || len(made) != 1 {
		t.Fatalf("connected %d accounts, %v", len(made), err)
	}
	s.conn = made[0]
	registry := platforms.NewRegistry(w.Platform)
	start := w.Clock.Now()
	witness, err := journal.Open(t.TempDir(), w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = witness.Close() })
	s.config = jobs.Config{
		DB: s.db, Platforms: func(int64, bool) *platforms.Registry { return registry },
		App:   func(context.Context, int64, bool, string) (platforms.App, error) { return w.Suite.App, nil },
		Media: pictures{w}, Journal: witness, Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now,
		Elapsed: func() time.Duration { return w.Clock.Now().Sub(start) }, After: time.After, Jitter: func() float64 { return 0.5 },
		Boot: store.NewID(),
	}
	s.start()
	return s
}

// simulatorOf finds the simulator that stands for a platform.
func simulatorOf(t *testing.T, newPlatform func(platforms.Env) platforms.Platform) func(platforms.SimEnv) platforms.Simulator {
	t.Helper()
	path := newPlatform(platforms.Env{}).Info().Endpoints[0].Sandbox
	for _, newSim := range e2ekit.Catalogue().Simulators {
		if mount := "/" + newSim(platforms.SimEnv{Now: time.Now}).Mount(); path == mount || strings.HasPrefix(path, mount+"/") {
			return newSim
		}
	}
	t.Fatalf("no simulator below %s", path)
	return nil
}

// start begins a new process.
func (s *stage) start() {
	s.Helper()
	s.config.Boot = store.NewID()
	s.signIn = jobs.NewSignIns(s.config)
	s.engine = jobs.NewEngine(s.config, s.signIn)
	if err := s.engine.Start(s.T.Context()); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) schedule(text string) int64 {
	s.Helper()
	picture := s.world.Media.Make("image/jpeg", 1080, 1080, "Two children pass a ball")
	return s.scheduleContent(club.Content{Text: text, Media: []club.ContentMedia{{ID: picture.ID, Alt: picture.Alt}}})
}

func (s *stage) scheduleText(text string) int64 {
	s.Helper()
	return s.scheduleContent(club.Content{Text: text})
}

func (s *stage) scheduleContent(c club.Content) int64 {
	s.Helper()
	c.Accounts = []int64{s.conn.ID}
	s.pictures = len(c.Media)
	post := s.club.Post(c)
	if err := s.db.Schedule(s.T.Context(), s.club.Scope, post, []int64{s.conn.ID}, s.world.Clock.Now()); err != nil {
		s.Fatal(err)
	}
	return post
}

// die lets the process end around the irreversible call of a post.
func (s *stage) die(post int64, acted bool) {
	s.Helper()
	ctx, kill := context.WithCancel(s.T.Context())
	defer kill()
	dead := s.config
	dead.Platforms = func(int64, bool) *platforms.Registry {
		return platforms.NewRegistry(&dying{s.world.Platform, acted, kill})
	}
	dead.DB = s.db
	e := jobs.NewEngine(dead, jobs.NewSignIns(dead))
	for range 100 {
		e.RunDue(ctx)
		if d := s.delivery(post); d.Phase == club.Reconciling || ctx.Err() != nil {
			break
		}
		s.world.Clock.Advance(time.Second)
	}
	// A dead process writes nothing: take back what it wrote after the call.
	s.club.Exec(`UPDATE publish_attempts SET outcome = NULL, finished_at = NULL WHERE irreversible = 1`)
	s.club.Exec(`UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending', unknowns = 0, unknown_since = NULL, has_left = 0, looks = 0, seen = '' WHERE post_id = ?`, post)
	s.start()
}

// dying is a platform during whose irreversible call the process ends.
type dying struct {
	platforms.Platform
	acts bool
	kill func()
}

func (p *dying) Perform(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	if !step.Irreversible {
		return p.Platform.Perform(ctx, s, pub, done, step)
	}
	defer p.kill()
	if p.acts {
		if _, err := p.Platform.Perform(ctx, s, pub, done, step); err != nil {
			return platforms.StepResult{}, err
		}
	}
	return platforms.StepResult{}, &platforms.Error{Kind: platforms.Unknown, Op: "publish"}
}

// settle lets the engine work until it will not look at anything again. Time
// passes as it plans, and stands still while it works.
func (s *stage) settle() {
	s.Helper()
	until := s.world.Clock.Now().Add(8 * time.Hour)
	for s.world.Clock.Now().Before(until) {
		s.engine.RunDue(s.T.Context())
		var next sql.NullInt64
		err := s.db.Reader().QueryRowContext(s.T.Context(), `SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL`).Scan(&next)
		if err != nil {
			s.Fatal(err)
		}
		if !next.Valid {
			return
		}
		s.world.Clock.Advance(max(time.UnixMilli(next.Int64).Sub(s.world.Clock.Now()), time.Second))
	}
	s.Fatal("not settled in eight hours")
}

func (s *stage) delivery(post int64) store.Delivery {
	s.Helper()
	ds, err := s.db.Deliveries(s.T.Context(), s.club.Scope, post)
	if err != nil || len(ds) != 1 {
		s.Fatalf("%d deliveries, %v", len(ds), err)
	}
	return ds[0]
}

// honest compares a delivery with what the platform shows.
func (s *stage) honest(d store.Delivery) {
	s.Helper()
	public := s.world.Public()
	switch n := len(public); {
	case n > 1:
		s.Errorf("%d posts are public", n)
	case d.Status == club.Published && n != 1, d.Status == club.Failed && n != 0:
		s.Errorf("says %s, and %d posts are public", d.Status, n)
	case d.Status == club.Published && len(public[0].Media) != s.pictures:
		s.Errorf("%d pictures are public, want %d", len(public[0].Media), s.pictures)
	}
}

func (s *stage) story(post int64) string {
	events, err := s.db.Timeline(s.T.Context(), s.club.Scope, post)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "  %s %s %v\n", e.At.Format(time.TimeOnly), e.Note.Kind, e.Note.Args)
	}
	return b.String()
}

// pictures hands the engine the pictures of a world as they are.
type pictures struct{ world *platformtest.World }

func (p pictures) Prepare(ctx context.Context, _ int64, ids []string, _ platforms.ImageRules, _ map[string]platforms.Fit) ([]platforms.Media, error) {
	out := make([]platforms.Media, 0, len(ids))
	for _, id := range ids {
		f, err := p.world.Media.Open(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, platforms.Media{ID: id, Name: id + ".jpg", Type: f.Type, Bytes: f.Bytes, Width: f.Width, Height: f.Height})
	}
	return out, nil
}

func (p pictures) Source(int64, platforms.ImageRules, map[string]platforms.Fit) platforms.MediaSource {
	return p.world.Media
}

func (pictures) Sweep(context.Context) (int, error) { return 0, nil }

// connection is the account as it is now.
func (s *stage) connection() store.Connection {
	s.Helper()
	c, err := s.db.Connection(s.T.Context(), s.club.Scope, s.conn.ID)
	if err != nil {
		s.Fatal(err)
	}
	return c
}
