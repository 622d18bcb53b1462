package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// seedVariable repeats the random moments of an earlier run.
const seedVariable = "BANDSTAND_TEST_SEED"

const (
	crashPosts = 40 // on five accounts each
	crashKills = 20
	stopPosts  = 12
	stops      = 5
	// The random moment within something happening at the platforms.
	crashJitter = 60 * time.Millisecond
	// quietFor is how long nothing may happen before it is no use to wait.
	quietFor = 3 * time.Second
)

// TestProcesses runs the real binary twice: as the app, and as the platforms it
// publishes to. Whatever happens to the app, the platforms' own record tells
// what came of it.
func TestProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("not with -short: real processes are started, killed and stopped, which takes a minute or two")
	}
	bin := buildProgram(t)
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		killed(t, bin)
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		stopped(t, bin)
	})
	t.Run("stopped under an endless request", func(t *testing.T) {
		t.Parallel()
		w := newPair(t, bin)
		w.beginRequest()
		w.app.stop()
	})
	t.Run("stopped twice under an endless request", func(t *testing.T) {
		t.Parallel()
		stoppedTwice(t, bin)
	})
}

// killed ends the app by SIGKILL again and again while it publishes and a fifth
// of the calls that make something public are carried out without an answer.
func killed(t *testing.T, bin string) {
	w := newCrashWorld(t, bin)
	w.fault("publish", "reset_after", 20)
	written := w.write(crashPosts)
	for _, accepted := range w.moments(crashKills, crashPosts*len(w.accounts)) {
		w.reach(accepted)
		w.app.kill()
		w.startApp()
	}
	<-written
	w.app.says("runs at")
	w.app.stop()
	w.calm()

	clock := &aheadClock{start: time.Now()}
	app := w.open(clock.now, clock.elapsed)
	settle(t, app, clock)
	r := w.judge(app, crashPosts)
	r.kills = crashKills
	t.Logf("\n%s", r)
	r.check(t)

	// What could not be proved is for a person to say.
	asked := r.asked
	for _, d := range asked {
		answer := "missing"
		if len(w.found(d)) > 0 {
			answer = "there"
		}
		if _, err := w.secretary.send(w.secretary.base+"/deliveries/"+d.id+"/answer", url.Values{"answer": {answer}}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, app, clock)
	r = w.judge(app, crashPosts)
	r.kills = crashKills
	t.Logf("after the secretary has answered for %d:\n%s", len(asked), r)
	if r.published != r.deliveries || r.doubles+r.lost+r.wrong() > 0 {
		t.Errorf("of %d deliveries %d were published, %d twice", r.deliveries, r.published, r.doubles)
	}
}

// stopped ends the app by SIGTERM while it publishes and a third of the calls
// that make something public take two seconds. Those are waited for, so that
// there is never anything to find out afterwards (rule P18).
func stopped(t *testing.T, bin string) {
	w := newCrashWorld(t, bin)
	w.fault("publish", "slow", 33)
	written := w.write(stopPosts)
	for _, accepted := range w.moments(stops, stopPosts*len(w.accounts)) {
		w.reach(accepted)
		w.app.says("runs at")
		w.app.stop()
		w.startApp()
	}
	<-written
	w.app.says("runs at")
	w.app.stop()
	w.calm()

	clock := &aheadClock{start: time.Now()}
	app := w.open(clock.now, clock.elapsed)
	settle(t, app, clock)
	r := w.judge(app, stopPosts)
	r.stops = stops
	t.Logf("\n%s", r)
	r.check(t)
	if r.published != r.deliveries || r.unknown > 0 {
		t.Errorf("of %d deliveries %d were published, and the outcome of %d calls was lost", r.deliveries, r.published, r.unknown)
	}
}

// stoppedTwice ends the app by a second SIGTERM while the first one waits.
func stoppedTwice(t *testing.T, bin string) {
	w := newPair(t, bin)
	w.beginRequest()
	for range 2 {
		if err := w.app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		until(t, stopLimit, func() bool {
			conn, err := net.Dial("tcp", w.listen)
			if err == nil {
				conn.Close()
			}
			return err != nil
		})
	}
	if !until(t, stopLimit, w.app.gone) {
		t.Fatal("the app still runs")
	}
	if status, ok := w.app.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("the app went on to its end: %s", w.app.cmd.ProcessState)
	}
}

// crashWorld is a club that publishes in earnest, as far as it can tell.
type crashWorld struct {
	*pair
	random    *rand.Rand
	secretary *person
	accounts  []string
	picture   string
}

func newCrashWorld(t *testing.T, bin string) *crashWorld {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(seedVariable); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
		seed = n
	}
	t.Logf("%s=%d", seedVariable, seed)
	w := &crashWorld{pair: newPair(t, bin), random: rand.New(rand.NewPCG(seed, seed))}
	greeting := w.app.says("to finish setting up")
	w.secretary = newPerson(t, "http://"+w.listen)
	w.secretary.setUp(greeting)
	for _, i := range describe() {
		w.secretary.connect(i)
	}
	w.accounts = w.secretary.accounts()
	if len(w.accounts) != len(describe()) {
		t.Fatalf("%d accounts are connected, want one on each of %d platforms", len(w.accounts), len(describe()))
	}
	w.picture = w.secretary.upload()
	return w
}

// textOf is what post n says: different for each, and nothing that a platform
// would change.
func textOf(n int) string {
	return fmt.Sprintf("Result %d: we won (%d–0) & sang in the rain. #riverside", n, n+1)
}

// write publishes posts now, beside what the test does. Where the app is gone,
// the secretary presses the button again. The channel is closed at the end.
func (w *crashWorld) write(n int) <-chan struct{} {
	written := make(chan struct{})
	w.t.Cleanup(func() { <-written })
	go func() {
		defer close(written)
		for i := range n {
			form := url.Values{
				"op": {"post-" + strconv.Itoa(i)}, "version": {"0"}, "text": {textOf(i)}, "account": w.accounts,
				"media": {w.picture}, "alt-" + w.picture: {"Our pitch from above"}, "when": {"now"}, "do": {"schedule"},
			}
			pressed := until(w.t, startLimit, func() bool {
				got, err := w.secretary.send(w.secretary.base+"/posts", form)
				if err == nil && (got.status != http.StatusOK || got.at.Path == "/posts") {
					w.t.Errorf("post %d was not taken: %d\n%s", i, got.status, got.text())
				}
				return err == nil || w.t.Context().Err() != nil
			})
			if w.t.Context().Err() != nil {
				return
			}
			if !pressed {
				w.t.Errorf("post %d could not be sent", i)
				return
			}
		}
	}()
	return written
}

// moments are random numbers of accepted posts, rising.
func (w *crashWorld) moments(n, of int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = w.random.IntN(of * 9 / 10)
	}
	slices.Sort(at)
	return at
}

// reach waits until the platforms have accepted so many posts, or nothing
// happens any more, and then for a random moment.
func (w *crashWorld) reach(accepted int) {
	w.t.Helper()
	have, since := -1, time.Now()
	until(w.t, time.Minute, func() bool {
		if n := len(w.record()); n != have {
			have, since = n, time.Now()
		}
		return have >= accepted || time.Since(since) > quietFor
	})
	<-time.After(time.Duration(w.random.Int64N(int64(crashJitter))))
}

// aheadClock runs as the real one does, and ahead of it.
type aheadClock struct {
	mu    sync.Mutex
	start time.Time
	ahead time.Duration
}

func (c *aheadClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *aheadClock) elapsed() time.Duration { return c.now().Sub(c.start) }

// moveTo moves the clock forward, by a second at least.
func (c *aheadClock) moveTo(at time.Time) {
	d := max(at.Sub(c.now()), time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// settle lets the app work until it has nothing more to do by itself. The waits
// that the rules ask for pass by the app's clock. What a platform is working on
// takes its time there, and is waited for.
func settle(t *testing.T, app *App, clock *aheadClock) {
	t.Helper()
	if err := app.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled := until(t, time.Minute, func() bool {
		app.engine.RunDue(t.Context())
		next, processing, ok := nextDue(t, app)
		if !ok {
			return true
		}
		if !processing {
			clock.moveTo(next)
		}
		return false
	})
	if !settled {
		t.Error("the deliveries do not settle")
	}
}

// nextDue is when the app wants to look at a delivery again, if at all.
func nextDue(t *testing.T, app *App) (next time.Time, processing, ok bool) {
	t.Helper()
	var at, busy *int64
	err := app.db.Reader().QueryRowContext(t.Context(),
		`SELECT min(next_at), sum(phase = 'processing') FROM deliveries WHERE next_at IS NOT NULL`).Scan(&at, &busy)
	if err != nil {
		t.Fatal(err)
	}
	if at == nil {
		return next, false, false
	}
	return time.UnixMilli(*at), *busy > 0, true
}

// delivered is a delivery as the app ended up with it.
type delivered struct {
	id, status, phase, code string
	platform                platforms.ID
	account, remoteID, text string
}

// result compares what the app believes with what the platforms saw.
type result struct {
	kills, stops, deliveries, published, doubles, lost int
	wrongPublished, wrongFailed, strangers, unknown    int
	failed                                             map[string]int
	attention                                          map[string]int
	asked                                              []delivered
	faults                                             []string
}

func (r result) wrong() int { return r.wrongPublished + r.wrongFailed + r.strangers }

func (r result) String() string {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		name string
		n    int
	}{
		{"kills", r.kills},
		{"stops", r.stops},
		{"deliveries", r.deliveries},
		{"published", r.published},
		{"doubles", r.doubles},
		{"lost", r.lost},
		{"wrong published", r.wrongPublished},
		{"wrong failed", r.wrongFailed},
		{"public, but of nobody", r.strangers},
		{"answers lost", r.unknown},
	} {
		fmt.Fprintf(tw, "%s\t%d\n", line.name, line.n)
	}
	for name, n := range r.failed {
		fmt.Fprintf(tw, "failed: %s\t%d\n", name, n)
	}
	for name, n := range r.attention {
		fmt.Fprintf(tw, "needs attention: %s\t%d\n", name, n)
	}
	_ = tw.Flush()
	return b.String()
}

// check holds a result against the promise.
func (r result) check(t *testing.T) {
	t.Helper()
	for _, f := range r.faults {
		t.Error(f)
	}
	if r.doubles+r.lost+r.wrong()+len(r.failed) > 0 {
		t.Errorf("%d twice, %d lost, %d wrong, failed: %v", r.doubles, r.lost, r.wrong(), r.failed)
	}
}

// found are the posts in the platforms' record that a delivery may have become.
func (w *crashWorld) found(d delivered) []platforms.SimPost {
	return slices.DeleteFunc(w.record(), func(p platforms.SimPost) bool {
		return p.Platform != d.platform || p.Account != d.account || p.Text != d.text
	})
}

// judge reads both sides, of so many posts that were written.
func (w *crashWorld) judge(app *App, written int) result {
	w.t.Helper()
	r := result{failed: map[string]int{}, attention: map[string]int{}}
	all, err := deliveriesOf(w.t.Context(), app)
	if err != nil {
		w.t.Fatal(err)
	}
	certainty := map[platforms.ID]platforms.Certainty{}
	for _, i := range describe() {
		certainty[i.ID] = i.Certainty
	}
	type key struct {
		platform      platforms.ID
		account, text string
	}
	public := map[key][]platforms.SimPost{}
	for _, p := range w.record() {
		k := key{p.Platform, p.Account, p.Text}
		public[k] = append(public[k], p)
		if len(p.Media) != 1 {
			r.faults = append(r.faults, fmt.Sprintf("%s became public on %s with %d pictures", p.Text, p.Platform, len(p.Media)))
		}
	}
	r.deliveries = len(all)
	if want := written * len(w.accounts); r.deliveries != want {
		r.lost += max(want-r.deliveries, 0)
		r.faults = append(r.faults, fmt.Sprintf("%d deliveries are there, want %d", r.deliveries, want))
	}
	for _, d := range all {
		k := key{d.platform, d.account, d.text}
		seen := public[k]
		delete(public, k)
		r.doubles += max(len(seen)-1, 0)
		at := d.platform
		switch club.Status(d.status) {
		case club.Published:
			r.published++
			if len(seen) == 0 || d.remoteID != "" && d.remoteID != seen[0].ID {
				r.wrongPublished++
				r.faults = append(r.faults, fmt.Sprintf("%s on %s is said to be public as %q: %v", d.text, at, d.remoteID, seen))
			}
		case club.Failed:
			r.failed[string(at)+" "+d.phase+" "+d.code]++
			if len(seen) > 0 {
				r.wrongFailed++
			}
		case club.NeedsAttention:
			name := string(at) + " " + d.phase
			if len(seen) > 0 {
				name += ", public"
			}
			r.attention[name]++
			r.asked = append(r.asked, d)
			if d.phase != string(club.Ambiguous) || certainty[at] != platforms.CertainByLooking {
				r.faults = append(r.faults, fmt.Sprintf("%s on %s asks a person: %s", d.text, at, d.phase))
			}
		default:
			r.lost++
			r.faults = append(r.faults, fmt.Sprintf("%s on %s is left at %s/%s", d.text, at, d.status, d.phase))
		}
	}
	for k := range public {
		r.strangers++
		r.faults = append(r.faults, fmt.Sprintf("%q is public on %s, and no delivery says so", k.text, k.platform))
	}
	err = app.db.Reader().QueryRowContext(w.t.Context(),
		`SELECT count(*) FROM publish_attempts WHERE irreversible = 1 AND outcome = 'unknown'`).Scan(&r.unknown)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func deliveriesOf(ctx context.Context, app *App) ([]delivered, error) {
	rows, err := app.db.Reader().QueryContext(ctx, `
		SELECT lower(hex(d.id)), d.status, coalesce(d.phase, ''), coalesce(d.code, ''), c.platform, c.remote_id, coalesce(d.remote_id, ''), r.content ->> 'text'
		FROM deliveries d JOIN connections c ON c.id = d.connection_id JOIN revisions r ON r.post_id = d.post_id AND r.state = 'live'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []delivered
	for rows.Next() {
		var d delivered
		if err := rows.Scan(&d.id, &d.status, &d.phase, &d.code, &d.platform, &d.account, &d.remoteID, &d.text); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
