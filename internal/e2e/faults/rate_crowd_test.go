package faults

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
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

const (
	refusalsVariable = "BANDSTAND_TEST_REFUSALS" // how many refusals T-RATE gives
	refusalsEach     = 50                        // to an account of a crowd
	clubsOfCrowd     = 2
	// unrefused is how late a post may be that nobody refused: two of one account
	// that catch up are two minutes apart.
	unrefused = 5 * time.Minute
)

// TestRateLimits (T-RATE): whatever the platform's way of saying so, no call is
// made for the account before the time it names, or for an hour where it names
// none. Other accounts wait for nothing, save those of the same platform app where the
// limit is the app's. The post then goes out once, with all
// its tries, also if Bandstand is stopped and started in the meantime, or at the
// very moment of the refusal.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	crowds := 1
	if n, err := strconv.Atoi(os.Getenv(refusalsVariable)); err == nil {
		crowd := clubsOfCrowd * len(e2ekit.Catalogue().Platforms) * refusalsEach
		crowds = (n + crowd - 1) / crowd
	}
	for n := range crowds {
		t.Run(fmt.Sprintf("crowd %d", n+1), func(t *testing.T) {
			t.Parallel()
			newCrowd(t, uint64(n)).play()
		})
	}
}

// crowd is one engine for several clubs, each with an account on every platform,
// and each account with a simulator and a gate of its own.
type crowd struct {
	*testing.T
	random   *rand.Rand
	clock    *platformtest.Clock
	db       *store.DB
	config   jobs.Config
	engine   *jobs.Engine
	ctx      context.Context // of the process
	stop     context.CancelFunc
	picture  platforms.Media
	accounts []*crowdAccount
	starts   int
}

// crowdAccount is one account of a crowd.
type crowdAccount struct {
	*gate
	id     platforms.ID
	world  *platformtest.World
	club   *storetest.Club
	conn   store.Connection
	armed  int     // refusals so far
	seen   int     // of them, those that came
	posts  []int64 // under way
	posted int
	// shares are the others of its platform app; rested: one of them was refused for it.
	shares []*crowdAccount
	rested bool
}

// restWith lets an account rest until a time, because of a refusal for its platform app.
func (a *crowdAccount) restWith(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rests, a.rested = club.Later(a.rests, until), true
}

// hasRested reports whether a post may be late because the account rested with its
// platform app. It is asked once a post.
func (a *crowdAccount) hasRested(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.rested
	a.rested = a.rests.After(now)
	return was
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	t.Helper()
	c := &crowd{T: t, random: rand.New(rand.NewPCG(seed, 1)), clock: platformtest.NewClock()}
	c.db = storetest.Open(t, c.clock.Now)
	registries := map[int64]*platforms.Registry{}
	for range clubsOfCrowd {
		home := storetest.NewClub(t, c.db)
		var gated []platforms.Platform
		for _, newPlatform := range e2ekit.Catalogue().Platforms {
			p, a := c.connect(home, newPlatform)
			gated, c.accounts = append(gated, p), append(c.accounts, a)
		}
		registries[home.ClubID] = platforms.NewRegistry(gated...)
		c.ownApps(home, registries[home.ClubID])
		registries[0] = registries[home.ClubID] // of no club: what all have in common
	}
	first := c.accounts[0].world
	c.picture = first.Media.Make("image/jpeg", 320, 320, "Two children pass a ball")
	witness, err := journal.Open(t.TempDir(), c.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = witness.Close() })
	start := c.clock.Now()
	c.config = jobs.Config{
		DB: c.db, Platforms: func(clubID int64, _ bool) *platforms.Registry { return registries[clubID] },
		App:   func(context.Context, int64, bool, string) (platforms.App, error) { return first.Suite.App, nil },
		Media: pictures{first}, Journal: witness, Log: slog.New(slog.DiscardHandler), Now: c.clock.Now,
		Elapsed: func() time.Duration { return c.clock.Now().Sub(start) }, After: time.After, Jitter: rand.Float64,
	}
	c.start()
	return c
}

// ownApps gives a club platform apps of its own.
func (c *crowd) ownApps(home *storetest.Club, registry *platforms.Registry) {
	c.Helper()
	slots := map[string][]*crowdAccount{}
	for _, a := range c.accounts {
		if p, _ := registry.Platform(a.id); a.club == home && p.Info().AppSlot != "" {
			slots[p.Info().AppSlot] = append(slots[p.Info().AppSlot], a)
		}
	}
	for slot, accounts := range slots {
		if err := c.db.SaveAppCredentials(c.Context(), home.Scope, slot, crowdApp, "test"); err != nil {
			c.Fatal(err)
		}
		for _, a := range accounts {
			a.shares = accounts
		}
	}
}

func (c *crowd) connect(home *storetest.Club, newPlatform func(platforms.Env) platforms.Platform) (platforms.Platform, *crowdAccount) {
	c.Helper()
	id := newPlatform(platforms.Env{}).Info().ID
	w := platformtest.NewWorld(c.T, platformtest.Suite{New: newPlatform, NewSim: simulatorOf(c.T, newPlatform), Typed: e2ekit.PracticeSignIn(id), App: crowdApp, Clock: c.clock})
	session := w.Connect()
	choice, err := c.db.CreateChoice(c.Context(), home.Scope, store.Choice{Platform: id, Accounts: []platforms.Account{session.Account}})
	if err != nil {
		c.Fatal(err)
	}
	made, err := c.db.ConnectChosen(c.Context(), home.Scope, choice, []int{0}, "test")
	if err != nil || len(made) != 1 {
		c.Fatalf("connected %d accounts, %v", len(made), err)
	}
	if len(limitStyles[id]) == 0 {
		c.Fatalf("nobody has written down how %s refuses calls", id)
	}
	p, g := gateBefore(w)
	a := &crowdAccount{gate: g, id: id, world: w, club: home, conn: made[0]}
	g.refuses = func(style *limitStyle, until time.Time) {
		for _, other := range a.shares {
			if style.ofApp() && other != a {
				other.restWith(until)
			}
		}
		if a.refused%10 == 0 {
			c.stop()
		}
		if a.refused%3 == 0 && a.refused < refusalsEach {
			a.arm(a.refused % 2) // the next try is refused as well
		}
	}
	return p, a
}

// start begins a new process.
func (c *crowd) start() {
	c.Helper()
	if c.stop != nil {
		c.stop()
	}
	c.starts++
	c.ctx, c.stop = context.WithCancel(c.Context())
	c.config.Boot = store.NewID()
	c.engine = jobs.NewEngine(c.config, jobs.NewSignIns(c.config))
	if err := c.engine.Start(c.ctx); err != nil {
		c.Fatal(err)
	}
}

// play lets every account be refused as often as it must, while posts go out.
func (c *crowd) play() {
	c.Helper()
	defer func() { c.stop() }()
	for range 100_000 {
		if c.Failed() || !c.goOn() {
			break
		}
		if c.ctx.Err() != nil || c.random.IntN(50) == 0 {
			c.start()
		}
		c.engine.RunDue(c.ctx)
		if c.ctx.Err() == nil {
			c.sleep()
		}
	}
	refused := 0
	for _, a := range c.accounts {
		refused += a.refused
		if got := len(a.world.Public()); got != a.posted {
			c.Errorf("%s: %d posts are public, want %d", a.id, got, a.posted)
		}
	}
	if want := len(c.accounts) * refusalsEach; refused != want {
		c.Errorf("%d refusals were given, want %d", refused, want)
	}
	c.Logf("%d refusals of %d accounts, %d starts", refused, len(c.accounts), c.starts)
}

// sleep goes to the next moment at which something is due.
func (c *crowd) sleep() {
	c.Helper()
	var next sql.NullInt64
	if err := c.db.Reader().QueryRowContext(c.Context(), `SELECT min(next_at) FROM deliveries`).Scan(&next); err != nil {
		c.Fatal(err)
	}
	if next.Valid {
		c.clock.Advance(max(time.UnixMilli(next.Int64).Sub(c.clock.Now()), time.Second))
	}
}

// goOn looks at what has settled, and plans more; false: everything is done.
func (c *crowd) goOn() bool {
	c.Helper()
	busy := map[int64]bool{}
	rows, err := c.db.Reader().QueryContext(c.Context(), `SELECT DISTINCT connection_id FROM deliveries WHERE next_at IS NOT NULL`)
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			c.Fatal(err)
		}
		busy[id] = true
	}
	if err := rows.Err(); err != nil {
		c.Fatal(err)
	}
	more := len(busy) > 0
	for _, a := range c.accounts {
		if busy[a.conn.ID] {
			continue
		}
		c.look(a)
		if a.refused < refusalsEach {
			c.plan(a)
			more = true
		}
	}
	return more
}

// plan has one post or two go out soon. One call of them is refused.
func (c *crowd) plan(a *crowdAccount) {
	c.Helper()
	if a.armed == a.refused && c.random.IntN(8) > 0 {
		a.arm(c.random.IntN(3))
	}
	due := c.clock.Now()
	for range 1 + c.random.IntN(4)/3 {
		due = due.Add(time.Duration(c.random.IntN(600)) * time.Second)
		a.posted++
		content := club.Content{Text: fmt.Sprintf("Match day %d", a.posted), Accounts: []int64{a.conn.ID}}
		// Only with a picture does every platform make calls that publish nothing.
		if a.id == "instagram" || c.random.IntN(3) == 0 {
			content.Media = []club.ContentMedia{{ID: c.picture.ID, Alt: c.picture.Alt}}
		}
		post := a.club.Post(content)
		if err := c.db.Schedule(c.Context(), a.club.Scope, post, []int64{a.conn.ID}, due); err != nil {
			c.Fatal(err)
		}
		a.posts = append(a.posts, post)
	}
	// A day's limit may be over after the longest time of grace.
	a.club.Exec(`UPDATE deliveries SET late_after = due_at + ? WHERE connection_id = ? AND next_at IS NOT NULL`, (72 * time.Hour).Milliseconds(), a.conn.ID)
}

// arm has the call after so many others refused. All styles come in turn.
func (a *crowdAccount) arm(after int) {
	styles := limitStyles[a.id]
	a.refuse(&styles[a.armed%len(styles)], after)
	a.armed++
}

// look compares what has settled with what should have become of it.
func (c *crowd) look(a *crowdAccount) {
	c.Helper()
	waits, late := 0, time.Duration(0)
	for _, post := range a.posts {
		ds, err := c.db.Deliveries(c.Context(), a.club.Scope, post)
		if err != nil || len(ds) != 1 {
			c.Fatalf("%d deliveries, %v", len(ds), err)
		}
		d := ds[0]
		waits += d.RateWaits
		late = max(late, d.PublishedAt.Sub(d.DueAt))
		if d.Status != club.Published || d.TriesTransient > 0 || d.Unknowns > 0 {
			c.Errorf("%s: ended as %s/%s (%s) after %d waits and %d tries", a.id, d.Status, d.Phase, d.Code, d.RateWaits, d.TriesTransient)
		}
	}
	given := a.refused - a.seen
	if waits != given {
		c.Errorf("%s: %d posts count %d refusals, and %d were given", a.id, len(a.posts), waits, given)
	}
	if rested := a.hasRested(c.clock.Now()); given == 0 && late > unrefused && !rested {
		c.Errorf("%s: a post that nobody refused is %s late", a.id, late)
	}
	if early, overdue := a.wrong(); len(early)+len(overdue) > 0 {
		c.Errorf("%s: early calls: %q; late ones: %q", a.id, early, overdue)
	}
	a.posts, a.seen = nil, a.refused
}

// crowdApp are the credentials of every app, which no simulator looks at.
var crowdApp = func() platforms.App {
	app := platforms.App{}
	for _, i := range e2ekit.Catalogue().Describe() {
		for n, f := range i.AppFields {
			app[f.Key] = platforms.NewSecret(fmt.Sprintf("7301%012d", 31+n))
		}
	}
	return app
}()
