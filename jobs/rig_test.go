package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

const holdFor = gate.HoldFor

// rig is an engine with a database, a clock and a platform.
type rig struct {
	t      *testing.T
	clock  *storetest.Clock
	db     *store.DB
	club   *storetest.Club
	server *server
	fake   *fake
	config Config
	engine *Engine
	tokens platforms.Tokens
	waits  chan wait    // what the engine waits for
	dir    string       // of the journal
	set    atomic.Int64 // by how much the clock was set, in all
	keys   *secret.Keyset

	refusals *refusals // of the database; nil: it does all that it is asked for
}

// copyData puts a copy of the database away, for rollBack.
func (r *rig) copyData() (dir string) {
	r.t.Helper()
	dir = r.t.TempDir()
	if _, err := r.db.Writer().ExecContext(r.t.Context(), `VACUUM INTO ?`, filepath.Join(dir, store.FileName)); err != nil {
		r.t.Fatal(err)
	}
	return dir
}

// rollBack starts the next process with an old copy of the database.
func (r *rig) rollBack(dir string) {
	r.t.Helper()
	r.db = storetest.OpenIn(r.t, dir, r.keys, r.clock.Now)
	r.config.DB = r.db
	r.restart()
}

// openJournal opens the journal as a new process would.
func (r *rig) openJournal() {
	r.t.Helper()
	j, err := journal.Open(r.dir, r.clock.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = j.Close() })
	r.config.Journal = j
}

// restart is the next process on the same data.
func (r *rig) restart() {
	r.t.Helper()
	r.openJournal()
	r.config.Boot = store.NewID()
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if err := r.engine.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// wait is one wait for time to pass; end ends it.
type wait struct {
	long time.Duration
	over chan time.Time
}

func (w wait) end() { w.over <- time.Time{} }

func newRig(t *testing.T, certainty platforms.Certainty, set ...func(*rig)) *rig {
	t.Helper()
	clock := storetest.NewClock()
	s := &server{calls: map[string]int{}, inFlight: map[string]int{}, now: clock.Now, hold: make(chan struct{}), entered: make(chan struct{}, 64)}
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	r := &rig{
		t: t, clock: clock, server: s,
		fake:   &fake{url: ts.URL, client: ts.Client(), certainty: certainty, now: clock.Now},
		tokens: platforms.Tokens{Access: platforms.NewSecret("first"), Refresh: platforms.NewSecret("refresh-first")},
		waits:  make(chan wait, 1000),
	}
	for _, f := range set {
		f(r)
	}
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	r.keys = keys
	if r.refusals == nil {
		r.db = storetest.OpenIn(t, t.TempDir(), keys, clock.Now)
	} else {
		r.db = r.openRefusable(t.TempDir())
	}
	r.club = storetest.NewClub(t, r.db)
	var p platforms.Platform = r.fake
	if r.fake.renewal != (platforms.Renewal{}) {
		p = renewingFake{r.fake}
	}
	registry := platforms.NewRegistry(p)
	start := clock.Now()
	r.config = Config{
		DB: r.db, Platforms: func(int64, bool) *platforms.Registry { return registry },
		App:   func(context.Context, int64, bool, string) (platforms.App, error) { return platforms.App{}, nil },
		Media: noMedia{}, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)), Now: clock.Now,
		Elapsed: func() time.Duration { return r.truth().Sub(start) },
		After:   r.wait, Jitter: func() float64 { return 0.5 }, Boot: "boot-1",
	}
	r.dir = t.TempDir()
	r.openJournal()
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if err := r.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func renewing(policy platforms.Renewal) func(*rig) { return func(r *rig) { r.fake.renewal = policy } }

// wait stands for time.After: the test ends it.
func (r *rig) wait(long time.Duration) <-chan time.Time {
	w := wait{long, make(chan time.Time, 1)}
	r.waits <- w
	return w.over
}

// impatient is a caller who goes away: waits for time to pass end at once.
func (r *rig) impatient() (ctx context.Context, stop context.CancelFunc) {
	r.config.After = func(time.Duration) <-chan time.Time { return time.After(0) }
	return context.WithCancel(r.t.Context())
}

// run runs the engine until the test ends.
func (r *rig) run() {
	ctx, stop := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- r.engine.Run(ctx) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
}

// setClock sets the clock, as a person or the operating system does: no time
// passes.
func (r *rig) setClock(by time.Duration) {
	r.set.Add(int64(by))
	r.clock.Advance(by)
}

// truth is the time, whatever the clock says.
func (r *rig) truth() time.Time { return r.clock.Now().Add(-time.Duration(r.set.Load())) }

// telling lets the platform date its answers by the true time.
func telling(r *rig) { r.fake.dates = r.truth }

// connect adds an account.
func (r *rig) connect() store.Connection {
	r.t.Helper()
	return r.club.Connection("fake", r.tokens)
}

// schedule makes a post for the accounts and returns its id.
func (r *rig) schedule(text string, in time.Duration, conns ...store.Connection) int64 {
	r.t.Helper()
	ids := make([]int64, 0, len(conns))
	for _, c := range conns {
		ids = append(ids, c.ID)
	}
	return r.club.Scheduled(text, r.clock.Now().Add(in), ids...)
}

// after moves the clock and lets the engine do what is then due.
func (r *rig) after(d time.Duration) {
	r.t.Helper()
	r.clock.Advance(d)
	r.engine.RunDue(r.t.Context())
}

// settle lets time pass, a minute at a time, until nothing moves by itself.
func (r *rig) settle() {
	r.t.Helper()
	for range 24 * 60 {
		r.engine.RunDue(r.t.Context())
		var open int
		err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM deliveries WHERE next_at IS NOT NULL`).Scan(&open)
		if err != nil {
			r.t.Fatal(err)
		}
		if open == 0 {
			return
		}
		r.clock.Advance(time.Minute)
	}
	r.t.Fatal("not settled within a day")
}

func (r *rig) delivery(post int64) store.Delivery {
	r.t.Helper()
	ds, err := r.db.Deliveries(r.t.Context(), r.club.Scope, post)
	if err != nil || len(ds) != 1 {
		r.t.Fatalf("deliveries of post %d: %d, %v; want 1", post, len(ds), err)
	}
	return ds[0]
}

// answer is what a person says about a post.
func (r *rig) answer(post int64, kind club.EventKind) {
	r.t.Helper()
	if err := r.db.Answer(r.t.Context(), r.club.Scope, store.Answer{Kind: kind}, "test", r.delivery(post).ID); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) want(post int64, status club.Status, phase club.Phase) store.Delivery {
	r.t.Helper()
	d := r.delivery(post)
	if d.Status != status || d.Phase != phase {
		r.t.Fatalf("delivery is %s/%s (%s), want %s/%s; timeline:\n%s", d.Status, d.Phase, d.Code, status, phase, r.story(post))
	}
	return d
}

// wantAccepted compares how often the platform took a text.
func (r *rig) wantAccepted(text string, n int) {
	r.t.Helper()
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	got := 0
	for _, p := range r.server.posts {
		if p.Text == text {
			got++
		}
	}
	if got != n {
		r.t.Errorf("the platform accepted %q %d times, want %d", text, got, n)
	}
}

func (r *rig) story(post int64) string {
	r.t.Helper()
	events, err := r.db.Timeline(r.t.Context(), r.club.Scope, post)
	if err != nil {
		r.t.Fatal(err)
	}
	var b bytes.Buffer
	for _, e := range events {
		fmt.Fprintf(&b, "  %s %s %v\n", e.At.Format(time.DateTime), e.Note.Kind, e.Note.Args)
	}
	return b.String()
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Helper()
	l.t.Log(string(bytes.TrimSpace(b)))
	return len(b), nil
}

// works are the names that tests have for kinds of work.
var works = map[string]store.WorkKind{
	takePosts: store.WorkNumbers, takeAccounts: store.WorkAccountNumbers, findLinks: store.WorkLink,
	checkAccounts: store.WorkCheck, renewSignIns: store.WorkRenewal, endDisconnects: store.WorkDisconnect,
}

const (
	takePosts, takeAccounts = "take numbers of posts", "take numbers of accounts"
	findLinks               = "find addresses of posts"
	checkAccounts           = "check accounts"
	renewSignIns            = "renew sign-ins"
	endDisconnects          = "end disconnections"
)

// recur lets the time come for a line of the table of recurring work, or for a kind
// of work.
func (r *rig) recur(name string) {
	r.t.Helper()
	if kind, ok := works[name]; ok {
		_ = r.engine.work.RunDue(r.t.Context(), kind) // it is in the log
		return
	}
	for _, job := range r.engine.recurring() {
		if job.name == name {
			r.engine.recur(r.t.Context(), job.name, job.do)
			return
		}
	}
	r.t.Fatalf("no job %q", name)
}

// do is recur for what must not find a fault of ours.
func (r *rig) do(name string) {
	r.t.Helper()
	if kind, ok := works[name]; ok {
		if err := r.engine.work.RunDue(r.t.Context(), kind); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	for _, job := range r.engine.recurring() {
		if job.name == name {
			if err := job.do(r.t.Context()); err != nil {
				r.t.Fatal(err)
			}
			return
		}
	}
	r.t.Fatalf("no job %q", name)
}

// planned counts the items of a kind that are planned, at whatever time.
func (r *rig) planned(kind store.WorkKind) (n int) {
	r.t.Helper()
	if err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM work WHERE kind = ?`, kind).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}
