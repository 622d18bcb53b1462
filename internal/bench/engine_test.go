package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/bluesky/sim"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

const (
	answers = 200 * time.Millisecond // of the make-believe platform
	burst   = 1000                   // posts due at once
	atOnce  = 32                     // deliveries that the engine runs at once
)

// stage is the engine on one database, with a make-believe platform that takes
// its time and notes when the first byte of each post came.
type stage struct {
	b        *testing.B
	db       *store.DB
	sim      platforms.Simulator
	registry *platforms.Registry
	engine   *jobs.Engine

	mu   sync.Mutex
	came []time.Time
}

// measureEngine: S12 and S13.
func measureEngine(b *testing.B, _ binaries, r *report) {
	s := newStage(b)
	s.onTime(r)
	s.burst(r)
}

func newStage(b *testing.B) *stage {
	b.Helper()
	s := &stage{b: b}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	b.Cleanup(server.Close)
	s.sim = sim.New(platforms.SimEnv{Now: time.Now, Fetch: server.Client(), BaseURL: server.URL})
	dir := b.TempDir()
	keys, err := secret.Create(filepath.Join(dir, "keys", "bandstand.key"))
	must(b, err)
	s.db, err = store.Open(b.Context(), dir, keys, time.Now)
	must(b, err)
	b.Cleanup(func() { must(b, s.db.Close()) })
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = atOnce
	b.Cleanup(transport.CloseIdleConnections)
	at := map[string]string{}
	for _, e := range bluesky.New(platforms.Env{}).Info().Endpoints {
		at[e.Name] = server.URL + e.Sandbox
	}
	s.registry = platforms.NewRegistry(bluesky.New(platforms.Env{
		HTTP: &http.Client{Transport: transport}, Endpoints: at, UserAgent: "Bandstand/bench", Now: time.Now,
	}))
	library, err := media.Open(s.db, media.Settings{Dir: filepath.Join(dir, "media"), Key: make([]byte, 32), BaseURL: server.URL, Now: time.Now})
	must(b, err)
	witness, err := journal.Open(dir, time.Now)
	must(b, err)
	b.Cleanup(func() { _ = witness.Close() })
	begin := time.Now()
	cfg := jobs.Config{
		DB: s.db, Platforms: func(int64, bool) *platforms.Registry { return s.registry },
		App:   func(context.Context, int64, bool, string) (platforms.App, error) { return nil, nil },
		Media: library, Journal: witness, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Now: time.Now,
		Elapsed: func() time.Duration { return time.Since(begin) }, After: time.After, Jitter: func() float64 { return 0.5 }, Boot: store.NewID(),
	}
	s.engine = jobs.NewEngine(cfg, jobs.NewSignIns(cfg))
	return s
}

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/"+s.sim.Mount()+"/xrpc/com.atproto.repo.putRecord" || r.URL.Path == "/"+s.sim.Mount()+"/xrpc/com.atproto.repo.createRecord" {
		s.mu.Lock()
		s.came = append(s.came, time.Now())
		s.mu.Unlock()
		time.Sleep(answers)
	}
	http.StripPrefix("/"+s.sim.Mount(), s.sim).ServeHTTP(w, r)
}

// accounts connects so many accounts: clubs of their own, all signed in.
func (s *stage) accounts(n int) []*storetest.Club {
	s.b.Helper()
	p, _ := s.registry.Platform(s.registry.All()[0].Info().ID)
	a, err := p.(platforms.PasswordSignIn).SignIn(s.b.Context(), map[string]string{
		"handle": "riversidefc.test", "password": "abcd-efgh-ijkl-mnop",
	})
	must(s.b, err)
	clubs := make([]*storetest.Club, n)
	for i := range clubs {
		c := storetest.NewClub(s.b, s.db)
		c.Exec(`
			INSERT INTO connections (club_id, platform, practice, remote_id, name, handle, host, health, connected_by, connected_at, checked_at)
			VALUES (?, ?, 0, ?, ?, ?, ?, 'working', ?, 0, ?)`,
			c.ClubID, string(a.Platform), a.RemoteID, a.Name, a.Handle, a.Host, c.PersonID, time.Now().UnixMilli())
		all, err := s.db.Connections(s.b.Context(), c.Scope)
		must(s.b, err)
		must(s.b, s.db.SaveTokens(s.b.Context(), all[0].ID, a.Tokens))
		clubs[i] = c
	}
	return clubs
}

func (s *stage) schedule(c *storetest.Club, text string, due time.Time) {
	s.b.Helper()
	all, err := s.db.Connections(s.b.Context(), c.Scope)
	must(s.b, err)
	id := c.Post(club.Content{Text: text, Accounts: []int64{all[0].ID}})
	must(s.b, s.db.Schedule(s.b.Context(), c.Scope, id, []int64{all[0].ID}, due))
}

// run lets the engine work until so many posts came, and returns when each did.
func (s *stage) run(posts int, limit time.Duration) []time.Time {
	s.b.Helper()
	ctx, cancel := context.WithTimeout(s.b.Context(), limit)
	defer cancel()
	must(s.b, s.engine.Start(ctx))
	done := make(chan error, 1)
	go func() { done <- s.engine.Run(ctx) }()
	for ctx.Err() == nil && s.published() < posts {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	must(s.b, <-done)
	s.mu.Lock()
	defer s.mu.Unlock()
	came := s.came
	s.came = nil
	return came
}

func (s *stage) published() int {
	var n int
	must(s.b, s.db.Reader().QueryRowContext(s.b.Context(), `SELECT count(*) FROM deliveries WHERE status = 'PUBLISHED'`).Scan(&n))
	return n
}

// onTime: S13. Posts that fall due one by one at odd moments.
func (s *stage) onTime(r *report) {
	const posts = 9
	clubs := s.accounts(posts)
	first := time.Now().Add(2 * time.Second)
	var due []time.Time
	for i, c := range clubs {
		at := first.Add(time.Duration(i) * 1137 * time.Millisecond).Truncate(time.Millisecond)
		due = append(due, at)
		s.schedule(c, "On time "+strconv.Itoa(i), at)
	}
	came := s.run(posts, time.Minute)
	if len(came) != posts {
		s.b.Errorf("S13: %d posts came, want %d", len(came), posts)
		return
	}
	var late []float64
	for i := range came {
		late = append(late, float64(came[i].Sub(due[i])))
	}
	worst := slices.Max(late)
	r.add(goal{
		id: "S13", what: "due time to the first byte at the platform", wanted: "≤ 1 s",
		figure: "median " + ms(median(late)) + ", worst " + ms(worst), ratio: "–", met: worst <= float64(time.Second),
	})
}

// burst: S12.
func (s *stage) burst(r *report) {
	clubs := s.accounts(burst)
	due := time.Now().Add(-time.Second)
	for i, c := range clubs {
		s.schedule(c, "Burst "+strconv.Itoa(i), due)
	}
	before := len(s.sim.Posts())
	begin := time.Now()
	came := s.run(s.published()+burst, 2*time.Minute)
	took := time.Since(begin)
	ideal := burst * answers / atOnce
	ratio := float64(took) / float64(ideal)
	twice := len(came) - burst
	public := len(s.sim.Posts()) - before
	r.add(goal{
		id: "S12", what: fmt.Sprintf("%s posts due at once, platform answers in 200 ms", count(burst)), wanted: "≤ 1.15× of posts × 0.2 s / 32, none twice, none lost",
		figure: fmt.Sprintf("%.1f s (least %.2f s), %d public, %d twice", took.Seconds(), ideal.Seconds(), public, max(0, twice)),
		ratio:  times(ratio), met: ratio <= 1.15 && public == burst && twice == 0,
	})
}
