//go:build crash

package crash

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	postsOfRound = 64 // on five accounts each, some with parts: platforms take less than a hundred a day
	// lifeLimit is how long a life of the app may take to come to its failpoint,
	// and firstLimit how long where no life did yet: a busy machine is slow.
	lifeLimit  = time.Second
	firstLimit = 10 * time.Second
	// within is how long the app publishes before a kill at a random moment.
	within = 400 * time.Millisecond
	// starting is how long starting may take when the kill comes meanwhile.
	starting = 120 * time.Millisecond
	// writeLimit is how long the secretary tries to get a post into the app.
	writeLimit = 2 * time.Minute
)

// crashWorld is a club that publishes in earnest, as far as it can tell.
type crashWorld struct {
	*pair
	random     *rand.Rand
	secretary  *person
	accounts   []string
	platformOf []platforms.ID // of each of them
	repeats    []string       // the one account that gets the same text again
	probed     int            // deliveries of the last post, which finds out whether an account stands still
	picture    string
	renewable  []platforms.ID // where sign-ins can be renewed
	tickets    chan int       // posts that may be written
	allowed    int            // how many there were
	refused    atomic.Bool    // an account must be signed in again before the next
	mischief   []platforms.SimFault
	r          result
}

func newCrashWorld(t *testing.T, bin string, seed uint64) *crashWorld {
	t.Helper()
	w := &crashWorld{pair: newPair(t, bin), random: rand.New(rand.NewPCG(seed, seed)), tickets: make(chan int, postsOfRound)}
	greeting := w.app.says("to finish setting up")
	w.secretary = newPerson(t, "http://"+w.listen)
	w.secretary.setUp(greeting)
	for _, i := range e2ekit.Catalogue().Describe() {
		w.secretary.connect(i)
	}
	w.accounts = w.secretary.accounts()
	if len(w.accounts) != len(e2ekit.Catalogue().Describe()) {
		t.Fatalf("%d accounts are connected, want one on each of %d platforms", len(w.accounts), len(e2ekit.Catalogue().Describe()))
	}
	w.picture = w.secretary.upload()
	w.platformOf = w.platformsWhere(`true ORDER BY id`)
	for n, id := range w.platformOf {
		i := e2ekit.Catalogue().Describe()[slices.IndexFunc(e2ekit.Catalogue().Describe(), func(i platforms.Info) bool { return i.ID == id })]
		if i.Certainty == platforms.CertainByLooking && !i.RefusesRepeats {
			w.repeats = append(w.repeats, w.accounts[n])
		}
	}
	if len(w.repeats) != 1 {
		t.Fatalf("the same text goes to %d accounts, want one", len(w.repeats))
	}
	return w
}

// round ends the app so many times, lets what is left come to rest, and
// compares both sides.
func (w *crashWorld) round(points *endings, kills int) result {
	w.t.Helper()
	w.app.stop()
	w.renewable = slices.DeleteFunc(w.platformsWhere(`EXISTS (SELECT 1 FROM connection_refresh_tokens r WHERE r.connection_id = connections.id)`),
		func(id platforms.ID) bool { return !renews(id) })
	w.mischief = w.chooseMischief()
	w.fault(w.mischief...)
	written := w.write()
	for w.r.kills() < kills {
		if w.refused.Swap(false) {
			w.mend()
		}
		w.allow(postsOfRound * min(w.r.kills()+1, kills) / kills)
		w.live(points)
		w.clock.advance(w.pause())
	}
	w.finish(written)
	return w.settled()
}

// finish waits until all posts are written, and stops.
func (w *crashWorld) finish(written <-chan struct{}) {
	w.t.Helper()
	close(w.tickets)
	w.startApp()
	done := func() bool {
		select {
		case <-written:
			return true
		default:
			return false
		}
	}
	for !done() {
		until(w.t, writeLimit, func() bool { return done() || w.refused.Load() })
		if w.refused.Swap(false) {
			w.stopInTime()
			w.mend()
			w.startApp()
		}
	}
	w.stopInTime()
	w.mend()
	w.calm()
}

// mend is what the secretary does about sign-ins that are lost: signing in
// again.
func (w *crashWorld) mend() {
	w.t.Helper()
	w.startApp()
	w.stopInTime() // nobody else has the database open now
	lost := w.platformsWhere(`health = '` + string(club.NeedsReconnect) + `'`)
	if len(lost) == 0 {
		return
	}
	w.calm()
	app := w.openAt(freeAddress(w.t))
	w.r.loseSignIns(w, app)
	if err := app.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.startApp()
	w.app.says("runs at")
	for _, i := range e2ekit.Catalogue().Describe() {
		if slices.Contains(lost, i.ID) {
			w.secretary.connect(i)
		}
	}
	w.stopInTime()
	w.fault(w.mischief...)
}

// renews tells whether sign-ins of a platform can be renewed.
func renews(id platforms.ID) bool {
	return slices.ContainsFunc(e2ekit.Catalogue().Platforms, func(construct func(platforms.Env) platforms.Platform) bool {
		p := construct(platforms.Env{})
		_, ok := p.(platforms.Renewer)
		return ok && p.Info().ID == id
	})
}

// platformsWhere lists the platforms of the accounts for which this holds.
func (w *crashWorld) platformsWhere(holds string) []platforms.ID {
	w.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(w.data, store.FileName)+"?mode=ro")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), `SELECT platform FROM connections WHERE `+holds)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var ids []platforms.ID
	for rows.Next() {
		var id platforms.ID
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return ids
}

// chooseMischief says what goes wrong at the platforms: about a quarter of all
// calls. Sign-ins end before their time where they can be renewed.
func (w *crashWorld) chooseMischief() []platforms.SimFault {
	var all []platforms.SimFault
	for _, i := range e2ekit.Catalogue().Describe() {
		add := func(operation, fault string, percent int) {
			all = append(all, platforms.SimFault{Platform: i.ID, Operation: operation, Fault: fault, Percent: percent})
		}
		if slices.Contains(w.renewable, i.ID) {
			add("publish", "expired_token", 10)
			add("token", w.one("error_before", "reset_before", "slow", "reset_after"), 10)
		}
		add("publish", "reset_after", 7)
		add("publish", w.one("error_after", "cut_off", "empty", "html", "oversized"), 7)
		add("publish", w.one("reset_before", "error_before"), 5)
		add("publish", "slow", 3)
		if plays(i.ID, "made_in_error") {
			add("publish", "made_in_error", 4)
		}
		add("publish", w.one("rejected", "media", "rejected", "media", "rate_limited"), 3)
		add("upload", w.one("reset_after", "error_after", "cut_off", "error_before"), 15)
		add("*", w.one("reset_before", "error_before", "html", "empty"), 8)
	}
	return all
}

// plays reports whether the simulator of a platform knows a fault.
func plays(id platforms.ID, fault string) bool {
	return slices.ContainsFunc(e2ekit.Catalogue().Simulate(platforms.SimEnv{Now: time.Now}), func(s platforms.Simulator) bool {
		return s.Fault(platforms.SimFault{Platform: id, Operation: "publish", Fault: fault, Count: 1}) == nil
	})
}

// provoke lets happen at the platforms, once, what leads to a failpoint.
func (w *crashWorld) provoke(name string) {
	w.t.Helper()
	once := func(operation, fault string) {
		id := e2ekit.Catalogue().Describe()[w.random.IntN(len(e2ekit.Catalogue().Describe()))].ID
		if operation == "token" || fault == "expired_token" {
			id = w.renewable[w.random.IntN(len(w.renewable))]
		}
		w.fault(platforms.SimFault{Platform: id, Operation: operation, Fault: fault, Count: 1})
	}
	switch kind, _, _ := strings.Cut(name, "."); {
	case kind == "look":
		once("publish", "reset_after")
	case kind == "renewal":
		once("publish", "expired_token")
		if strings.HasPrefix(name, "renewal.fail") {
			once("token", w.one("error_before", "reset_after"))
		}
	}
}

// one chooses.
func (w *crashWorld) one(of ...string) string { return of[w.random.IntN(len(of))] }

// upTo is a random time below d.
func (w *crashWorld) upTo(d time.Duration) time.Duration {
	return time.Duration(w.random.Int64N(int64(d)))
}

// pause is how much time passes between two lives of the app: mostly little,
// sometimes as much as a later look or repeat waits for.
func (w *crashWorld) pause() time.Duration {
	switch n := w.random.IntN(20); {
	case n < 14:
		return w.upTo(5 * time.Second)
	case n < 19:
		return w.upTo(time.Minute)
	default:
		return w.upTo(5 * time.Minute)
	}
}

// live lets the app live once more, or twice, and ends it.
func (w *crashWorld) live(points *endings) {
	w.t.Helper()
	switch n := w.random.IntN(100); {
	case n < 40:
		w.liveFor(within)
		w.kill(&w.r.atRandom)
	case n < 50: // while it starts
		w.startApp()
		w.wait(starting)
		w.kill(&w.r.recovering)
	case n < 80:
		w.liveUntil(points, points.next(w.random), &w.r.atPoints)
	case n < 85: // something is open, and the next start does not settle it either
		w.liveUntil(points, w.one("send.request", "send.response"), &w.r.atPoints)
		w.liveUntil(points, w.one("recovery.before", "recovery.commit", "recovery.after"), &w.r.recovering)
	case n < 95:
		w.liveWith(points.next(w.random), w.one("error", "error", "lasting"))
	default:
		w.liveFor(within)
		w.stopInTime()
	}
}

// wait waits for a random time below d.
func (w *crashWorld) wait(d time.Duration) {
	select {
	case <-time.After(w.upTo(d + 1)):
	case <-w.app.ended:
	}
}

// liveFor lets the app run for a random time below d.
func (w *crashWorld) liveFor(d time.Duration, where ...string) {
	w.t.Helper()
	w.startApp(where...)
	if !until(w.t, startLimit, func() bool { return w.app.gone() || strings.Contains(w.app.out.String(), "runs at") }) {
		w.t.Fatal("the app does not start")
	}
	w.wait(d)
}

// kill ends the app, which must not have ended by itself.
func (w *crashWorld) kill(count *int) {
	w.t.Helper()
	if w.app.gone() {
		w.t.Errorf("the app ended by itself: %s", w.app.cmd.ProcessState)
	}
	w.app.kill()
	*count++
	w.countBetween()
}

// liveUntil lets the app live until it kills itself at a failpoint. Where it
// does not come to that, it is ended at the moment.
func (w *crashWorld) liveUntil(points *endings, name string, count *int) {
	w.t.Helper()
	w.provoke(name)
	w.liveFor(0, at(name, w.hit(name), "kill"))
	limit := lifeLimit
	if points.never(name) {
		limit = firstLimit
	}
	if !until(w.t, limit, w.app.gone) {
		w.kill(&w.r.atRandom)
		return
	}
	if status, ok := w.app.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		w.t.Errorf("the app ended by itself: %s", w.app.cmd.ProcessState)
	}
	points.add(name)
	*count++
	w.countBetween()
}

// hit chooses at which hit of a point something happens.
func (w *crashWorld) hit(name string) int {
	kind := name[:strings.LastIndexByte(name, '.')] // without where about it
	most, ok := map[string]int{"commit": 20, "transition": 8, "journal": 4, "send": 3, "step": 3}[kind]
	if !ok {
		most = 1
	}
	return 1 + w.random.IntN(most)
}

// liveWith lets the app run with a disk that fails at a point, and kills it.
// It may say that it cannot work so, and end.
func (w *crashWorld) liveWith(name, action string) {
	w.t.Helper()
	w.provoke(name)
	w.liveFor(2*within, at(name, w.hit(name), action))
	w.r.errors++
	if !w.app.gone() {
		w.kill(&w.r.atRandom)
		return
	}
	if code := w.app.cmd.ProcessState.ExitCode(); code != 1 {
		w.t.Errorf("with a disk that fails at %s the app ended by itself: %s", name, w.app.cmd.ProcessState)
	}
}

// at says what is to happen at a failpoint.
func at(name string, hit int, action string) string {
	return fmt.Sprintf("%s:%d:%s", name, hit, action)
}

// stopInTime ends the app by SIGTERM.
func (w *crashWorld) stopInTime() {
	w.t.Helper()
	w.app.says("runs at")
	w.app.stop()
	w.r.stops++
}

// A fourth of all posts are texts without a picture on one account, and four of them
// in a row say the same: of a platform that takes the same text twice, and where only
// looking tells what became of a call.
const (
	repeatEvery = 4
	repeatTimes = 4
)

// isRepeat reports whether post n is one of those.
func isRepeat(n int) bool { return n%repeatEvery == repeatEvery-1 }

// textOf is what post n says: nothing that a platform would change, and different for
// each but for repeats.
func textOf(n int) string {
	if isRepeat(n) {
		return fmt.Sprintf("Goal! The %d. today", n/(repeatEvery*repeatTimes)+1)
	}
	return fmt.Sprintf("Result %d: we won (%d–0) & sang in the rain. #riverside", n, n+1)
}

// allow lets the secretary write up to n posts.
func (w *crashWorld) allow(n int) {
	for ; w.allowed < n; w.allowed++ {
		w.tickets <- w.allowed
	}
}

// write publishes a post for each ticket, beside what the test does. Where the
// app is gone or cannot keep it, the secretary presses the button again. The
// channel is closed at the end.
func (w *crashWorld) write() <-chan struct{} {
	written := make(chan struct{})
	w.t.Cleanup(func() { <-written })
	go func() {
		defer close(written)
		for {
			select {
			case n, more := <-w.tickets:
				if !more || !w.writeOne(n) {
					return
				}
			case <-w.t.Context().Done():
				return
			}
		}
	}()
	return written
}

// writeOne tells whether the app took a post.
func (w *crashWorld) writeOne(n int) bool {
	accounts := w.accounts
	if isRepeat(n) {
		accounts = w.repeats
	}
	return w.writeFor(n, accounts)
}

// writeFor writes post n for some accounts.
func (w *crashWorld) writeFor(n int, accounts []string) bool {
	form := url.Values{
		"op": {"post-" + strconv.Itoa(n)}, "version": {"0"}, "text": {textOf(n)}, "account": accounts, "when": {"now"}, "do": {"schedule"},
	}
	if !isRepeat(n) {
		form.Set("media", w.picture)
		form.Set("alt-"+w.picture, "Our pitch from above")
	}
	w.addParts(form, n)
	end := time.Now().Add(writeLimit)
	for time.Now().Before(end) && w.t.Context().Err() == nil {
		got, err := w.secretary.send(w.secretary.base+"/posts", form)
		switch {
		case err == nil && got.status == http.StatusUnprocessableEntity && strings.Contains(got.text(), "Reconnect "):
			w.refused.Store(true)
			<-time.After(10 * lookEvery)
		case err != nil || got.status >= http.StatusInternalServerError:
			<-time.After(lookEvery)
		case got.status == http.StatusOK && (got.at.Path == "/sign-in" || got.at.Path == "/calendar"):
			// Meanwhile she gave her password in another window, and this one had the
			// old name of her session. The sign-in page may have the new one already,
			// and lead on.
			<-time.After(lookEvery)
		case got.status != http.StatusOK || !strings.HasPrefix(got.at.Path, "/posts/"):
			w.t.Errorf("post %d was not taken: %d\n%s", n, got.status, got.text())
			return false
		default:
			return true
		}
	}
	if w.t.Context().Err() == nil {
		w.t.Errorf("post %d could not be sent", n)
	}
	return false
}
