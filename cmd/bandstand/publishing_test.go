package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// The classes of certainty, and ends of a delivery, as columns of a table.
const (
	byKey, byStatus, byLooking = platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking
)

// ends is the table fault → where a delivery may end, by class
// (reliability.md §2.5). Faults are armed for one call of the operation.
var ends = []struct {
	operation, fault string
	may              map[platforms.Certainty][]club.Phase
}{
	{"publish", "reset_after", all(club.Linked)},
	{"publish", "error_after", all(club.Linked)},
	{"publish", "cut_off", all(club.Linked)},
	{"publish", "empty", all(club.Linked)},
	{"publish", "html", all(club.Linked)},
	{"publish", "oversized", all(club.Linked)},
	{"publish", "reset_before", lost},
	{"publish", "error_before", lost},
	// A limit may last for longer than grace. Where being told of one proves
	// nothing, it is an open question, which class C cannot answer.
	{"publish", "rate_limited", map[platforms.Certainty][]club.Phase{
		byKey: {club.Linked, club.Late}, byStatus: {club.Linked, club.Late}, byLooking: {club.Linked, club.Late, club.Ambiguous},
	}},
	{"publish", "expired_token", all(club.Linked, club.Reconnect)},
	// Where the answer does not tell this from a token that ran out, renewing
	// shows which it was.
	{"publish", "revoked_token", all(club.Reconnect, club.Linked)},
	{"publish", "rejected", all(club.Refused)},
	{"upload", "reset_after", all(club.Linked)},
	{"upload", "reset_before", all(club.Linked)},
	{"upload", "error_before", all(club.Linked)},
	{"upload", "rate_limited", all(club.Linked, club.Late)},
	{"upload", "media", all(club.Refused, club.MediaRefused)},
	{"upload", "revoked_token", all(club.Reconnect, club.Linked)},
}

var lost = map[platforms.Certainty][]club.Phase{byKey: {club.Linked}, byStatus: {club.Linked}, byLooking: {club.Ambiguous}}

func all(phases ...club.Phase) map[platforms.Certainty][]club.Phase {
	return map[platforms.Certainty][]club.Phase{byKey: phases, byStatus: phases, byLooking: phases}
}

// TestEveryFaultOnEveryPlatform publishes a photo through the engine on each
// platform's simulator while one call goes wrong, and compares the end of the
// delivery with the simulator's own record (T-FAULT, T-AMBIG).
func TestEveryFaultOnEveryPlatform(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range constructors {
		info := newPlatform(platforms.Env{}).Info()
		t.Run(string(info.ID), func(t *testing.T) {
			t.Parallel()
			for _, end := range ends {
				t.Run(end.operation+" "+end.fault, func(t *testing.T) {
					t.Parallel()
					s := newStage(t, newPlatform)
					post := s.schedule("Match day, " + end.fault)
					if err := s.world.Sim.Fault(platforms.SimFault{Platform: info.ID, Operation: end.operation, Fault: end.fault, Count: 1}); err != nil {
						t.Fatal(err)
					}
					s.settle()
					d := s.delivery(post)
					if may := end.may[info.Certainty]; !slices.Contains(may, d.Phase) {
						t.Errorf("ended as %s/%s (%s), want one of %v:\n%s", d.Status, d.Phase, d.Code, may, s.story(post))
					}
					s.honest(d)
				})
			}
		})
	}
}

// TestEveryPlatformAfterADeath kills the process between the commit of the
// intent and the call, or right after the platform acted (T-CRASH).
func TestEveryPlatformAfterADeath(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range constructors {
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
				if !acted && info.Certainty == byLooking {
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
}

func newStage(t *testing.T, newPlatform func(platforms.Env) platforms.Platform) *stage {
	t.Helper()
	id := newPlatform(platforms.Env{}).Info().ID
	w := platformtest.NewWorld(t, platformtest.Suite{New: newPlatform, NewSim: simulatorOf(t, newPlatform), Typed: demoSignIns[id]})
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
	for _, newSim := range simulators {
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
	s.engine = jobs.NewEngine(s.config, jobs.NewSignIns(s.config))
	if err := s.engine.Start(s.T.Context()); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) schedule(text string) int64 {
	s.Helper()
	picture := s.world.Media.Make("image/jpeg", 1080, 1080, "Two children pass a ball")
	post := s.club.Post(club.Content{
		Text: text, Accounts: []int64{s.conn.ID}, Media: []club.ContentMedia{{ID: picture.ID, Alt: picture.Alt}},
	})
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

func (s *stage) settle() {
	s.Helper()
	for range 12 * 60 {
		s.engine.RunDue(s.T.Context())
		var open int
		err := s.db.Reader().QueryRowContext(s.T.Context(), `SELECT count(*) FROM deliveries WHERE next_at IS NOT NULL`).Scan(&open)
		if err != nil {
			s.Fatal(err)
		}
		if open == 0 {
			return
		}
		s.world.Clock.Advance(30 * time.Second)
	}
	s.Fatal("not settled in six hours")
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
	case d.Status == club.Published && len(public[0].Media) != 1:
		s.Errorf("%d pictures are public, want 1", len(public[0].Media))
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
