//go:build crash

package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// settleLimit is how long everything may take to come to rest.
const settleLimit = 3 * time.Minute

// settled lets what is left come to rest, compares both sides, lets the
// secretary answer what could not be proved, and compares once more.
func (w *crashWorld) settled() result {
	w.t.Helper()
	app := w.open()
	w.settle(app)
	r := w.judge(app)
	w.secretary.signInAgain() // the waits for platforms may have been long
	for _, d := range r.ambiguous {
		answer := "missing"
		if d.public {
			answer = "there"
		}
		got, err := w.secretary.send(w.secretary.base+"/deliveries/"+d.id+"/answer", url.Values{"answer": {answer}})
		if err != nil || got.status != http.StatusOK || got.at.Path == "/sign-in" {
			w.t.Fatalf("the answer %q was not taken: %d at %s, %v", answer, got.status, got.at, err)
		}
	}
	w.settle(app)
	w.probe(app)
	after := w.judge(app)
	after.check(w.t)
	if n := len(after.ambiguous); n > 0 && len(r.ambiguous) > 0 {
		w.t.Errorf("after the secretary has answered for %d there are %d to answer for", len(r.ambiguous), n)
	}
	w.checkDatabase(app)
	return r
}

// settle lets the app work until it has nothing more to do by itself. The waits
// that the rules and the platforms ask for pass by the clock.
func (w *crashWorld) settle(app *e2ekit.App) {
	w.t.Helper()
	if err := app.Engine().Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	settled := until(w.t, settleLimit, func() bool {
		app.Engine().RunDue(w.t.Context())
		next, ok := nextDue(w.t, app)
		if ok {
			w.clock.moveTo(next)
		}
		return !ok
	})
	if !settled {
		w.t.Error("the deliveries do not settle")
		all, err := deliveriesOf(w.t.Context(), app)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range all {
			if d.status == string(club.Scheduled) || d.status == string(club.Publishing) {
				w.t.Errorf("the account on %s stands still: %q is %s/%s (%s)", d.platform, d.text, d.status, d.phase, d.code)
			}
		}
	}
}

// probe writes one more post for every account that is signed in, when all else is
// over: it goes out, or the account stands still.
func (w *crashWorld) probe(app *e2ekit.App) {
	w.t.Helper()
	n := w.allowed
	for isRepeat(n) || isFollowed(n) || isStory(n) {
		n++
	}
	accounts := w.secretary.accounts()
	if !w.writeFor(n, accounts) {
		w.t.Fatal("no more post can be written")
	}
	w.probed = len(accounts)
	w.settle(app)
	all, err := deliveriesOf(w.t.Context(), app)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range all {
		if d.text == textOf(n) && d.status != string(club.Published) && d.health != club.NeedsReconnect {
			w.t.Errorf("the account on %s stands still: its last post is %s/%s (%s)", d.platform, d.status, d.phase, d.code)
		}
	}
}

// nextDue is when the app wants to look at a delivery again, if at all.
func nextDue(t *testing.T, app *e2ekit.App) (next time.Time, ok bool) {
	t.Helper()
	var at *int64
	err := app.DB().Reader().QueryRowContext(t.Context(), `SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL`).Scan(&at)
	if err != nil {
		t.Fatal(err)
	}
	if at == nil {
		return next, false
	}
	return time.UnixMilli(*at), true
}

// checkDatabase looks whether the file itself took harm.
func (w *crashWorld) checkDatabase(app *e2ekit.App) {
	w.t.Helper()
	for _, check := range []string{`PRAGMA integrity_check`, `SELECT coalesce((SELECT 'broken: ' || "table" FROM pragma_foreign_key_check), 'ok')`} {
		var said string
		if err := app.DB().Reader().QueryRowContext(w.t.Context(), check).Scan(&said); err != nil || said != "ok" {
			w.t.Errorf("%s says %q, %v", check, said, err)
		}
	}
}

// delivered is a delivery as the app ended up with it.
type delivered struct {
	id, status, phase, code string
	platform                platforms.ID
	account, remoteID, text string
	health                  club.Health // of the account
	post, connection        int64
	part                    int
	public                  bool // with others of its text: so many are public that it may be one
}

// key is what the two sides know each other's posts by.
type key struct {
	platform      platforms.ID
	account, text string
}

func (d delivered) key() key { return key{d.platform, d.account, d.text} }

// judge reads both sides and holds them against each other.
func (w *crashWorld) judge(app *e2ekit.App) result {
	w.t.Helper()
	r := w.r
	r.failed, r.attention = map[string]int{}, map[string]int{}
	all, err := deliveriesOf(w.t.Context(), app)
	if err != nil {
		w.t.Fatal(err)
	}
	public := map[key][]platforms.SimPost{}
	record := w.record()
	r.order(record)
	for _, p := range record {
		k := key{p.Platform, p.Account, p.Text}
		public[k] = append(public[k], p)
		bare := strings.HasPrefix(p.Text, "Goal!") || p.Kind == platforms.SimReply || p.Kind == platforms.SimComment
		if want := map[bool]int{true: 0, false: 1}[bare]; len(p.Media) != want {
			r.fault("%s became public on %s with %d pictures", p.Text, p.Platform, len(p.Media))
		}
	}
	r.deliveries = len(all)
	want := w.probed
	for n := range w.allowed {
		if isRepeat(n) {
			want++
		} else {
			for _, id := range w.platformOf {
				want += 1 + followers(n, id)
			}
		}
	}
	if r.deliveries != want {
		r.lost += max(want-r.deliveries, 0)
		r.fault("%d deliveries are there, want %d", r.deliveries, want)
	}
	byText, places := map[key][]delivered{}, map[place]delivered{}
	for _, d := range all {
		places[place{d.post, d.connection, d.part}] = d
	}
	for _, d := range all {
		if waitsForOther(d, places) {
			r.stopped++
			if seen := public[d.key()]; len(seen) > 0 {
				r.disorder++
				r.fault("%s on %s waits for the part before it, and is public: %v", d.text, d.platform, seen)
			}
			delete(public, d.key())
			continue
		}
		byText[d.key()] = append(byText[d.key()], d)
	}
	for k, same := range byText {
		if len(same) == 1 {
			r.compare(same[0], public[k])
		} else {
			r.compareAlike(same, public[k])
		}
		delete(public, k)
	}
	for k := range public {
		r.strangers++
		r.fault("%q is public on %s, and no delivery says so", k.text, k.platform)
	}
	err = app.DB().Reader().QueryRowContext(w.t.Context(),
		`SELECT count(*) FROM publish_attempts WHERE irreversible = 1 AND outcome = 'unknown'`).Scan(&r.unknown)
	if err != nil {
		w.t.Fatal(err)
	}
	r.loseSignIns(w, app)
	return r
}

// loseSignIns counts the accounts that people are asked to sign in again, and
// tries whether they had to be: a platform that still renews with what the app
// holds has not ended that sign-in.
func (r *result) loseSignIns(w *crashWorld, app *e2ekit.App) {
	w.t.Helper()
	r.signInsLost = maps.Clone(r.signInsLost)
	if r.signInsLost == nil {
		r.signInsLost = map[string]int{}
	}
	all, err := app.DB().ConnectedAccounts(w.t.Context(), store.Scope{ClubID: 1}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range all {
		if c.Health != club.NeedsReconnect {
			continue
		}
		r.signInsLost[string(c.Account.Platform)+" "+c.HealthCode]++
		p, _ := app.Platforms(c.ClubID, false).Platform(c.Account.Platform)
		renewer, ok := p.(platforms.Renewer)
		tokens, err := app.DB().SignInTokens(w.t.Context(), c.ID)
		if !ok || err != nil || tokens.Refresh.IsZero() {
			continue
		}
		credentials, err := app.PlatformApp(w.t.Context(), c.ClubID, false, p.Info().AppSlot)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := renewer.Renew(w.t.Context(), credentials, c.Account, tokens.Refresh); err == nil {
			r.fault("%s is said to need a new sign-in (%s), and would have been renewed", c.Account.Platform, c.HealthCode)
		}
	}
}

func (r *result) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// compare holds what the app says of a delivery against what is public of it.
func (r *result) compare(d delivered, seen []platforms.SimPost) {
	r.doubles += max(len(seen)-1, 0)
	if len(seen) > 1 {
		r.fault("%s is public twice on %s: %v", d.text, d.platform, seen)
	}
	switch club.Status(d.status) {
	case club.Published:
		r.published++
		if len(seen) == 0 || d.remoteID != "" && d.remoteID != seen[0].ID {
			r.wrongPublished++
			r.fault("%s on %s is said to be public as %q: %v", d.text, d.platform, d.remoteID, seen)
		}
	case club.Failed:
		r.failed[string(d.platform)+" "+d.phase+" "+d.code]++
		if len(seen) > 0 {
			r.wrongFailed++
			r.fault("%s on %s is said to have failed (%s): %v", d.text, d.platform, d.phase, seen)
		}
	case club.NeedsAttention:
		d.public = len(seen) > 0
		r.attends(d, d.public)
	default:
		r.lost++
		r.fault("%s on %s is left at %s/%s", d.text, d.platform, d.status, d.phase)
	}
}

// compareAlike does the same for deliveries of one account that say the same: which
// post is whose can only be told by its id, and how many there are must be true.
func (r *result) compareAlike(same []delivered, seen []platforms.SimPost) {
	if extra := len(seen) - len(same); extra > 0 {
		r.doubles += extra
		r.fault("%s is public %d times on %s, want %d", same[0].text, len(seen), same[0].platform, len(same))
	}
	left := len(seen) // that no delivery says to be its own
	claimed := map[string]bool{"": true}
	for _, d := range same {
		if d.status != string(club.Published) {
			continue
		}
		r.published++
		left--
		there := slices.ContainsFunc(seen, func(p platforms.SimPost) bool { return p.ID == d.remoteID })
		if d.remoteID != "" && (claimed[d.remoteID] || !there) {
			r.wrongPublished++
			r.fault("%s on %s is said to be public as %q, which is another's or nobody's", d.text, d.platform, d.remoteID)
		}
		claimed[d.remoteID] = true
	}
	if left < 0 {
		r.wrongPublished -= left
		r.fault("%s on %s: %d more are said to be public than there are", same[0].text, same[0].platform, -left)
	}
	for _, d := range same {
		switch club.Status(d.status) {
		case club.Published:
		case club.Failed:
			r.failed[string(d.platform)+" "+d.phase+" "+d.code]++
		case club.NeedsAttention:
			if d.public = left > 0 && d.phase == string(club.Ambiguous); d.public {
				left--
			}
			r.attends(d, d.public)
		default:
			r.lost++
			r.fault("%s on %s is left at %s/%s", d.text, d.platform, d.status, d.phase)
		}
	}
	if left > 0 {
		r.wrongFailed += left
		r.fault("%s on %s: %d are public and said not to be", same[0].text, same[0].platform, left)
	}
}

// attends looks at a delivery that a person is asked about: where there is no
// proof but looking, where the sign-in to look with is lost, and where nothing
// was sent in time.
func (r *result) attends(d delivered, public bool) {
	name := string(d.platform) + " " + d.phase
	if public {
		name += ", public"
	}
	r.attention[name]++
	switch club.Phase(d.phase) {
	case club.Ambiguous:
		r.ambiguous = append(r.ambiguous, d)
		if certaintyOf(d) != platforms.CertainByLooking && d.health != club.NeedsReconnect {
			r.fault("%s on %s asks a person what can be proved", d.text, d.platform)
		}
	case club.Late, club.Reconnect, club.Partial:
		if public {
			r.wrongAsk++
			r.fault("%s on %s is said not to be sent (%s), and is public", d.text, d.platform, d.phase)
		}
	default:
		r.fault("%s on %s asks a person: %s", d.text, d.platform, d.phase)
	}
}

func certaintyOf(d delivered) platforms.Certainty {
	var p platforms.Publication
	if d.part > 0 {
		p.Reply = &platforms.ReplyTo{}
	}
	for _, i := range e2ekit.Catalogue().Describe() {
		if i.ID == d.platform {
			return i.CertaintyOf(p)
		}
	}
	return ""
}

// saidBy is what a delivery says: nothing, if it is a story.
func saidBy(c club.Content, d delivered) string {
	if part, _, ok := c.Part(d.connection, d.part); ok {
		return part.Text
	}
	if c.Formats[d.connection] == platforms.FormatStory {
		return ""
	}
	return c.Text
}

func deliveriesOf(ctx context.Context, app *e2ekit.App) ([]delivered, error) {
	rows, err := app.DB().Reader().QueryContext(ctx, `
		SELECT lower(hex(d.id)), d.status, coalesce(d.phase, ''), coalesce(d.code, ''), c.platform, c.remote_id, coalesce(d.remote_id, ''), r.content, c.health, d.post_id, d.connection_id, d.part
		FROM deliveries d JOIN connections c ON c.id = d.connection_id JOIN revisions r ON r.post_id = d.post_id AND r.state = 'live'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []delivered
	for rows.Next() {
		var d delivered
		var raw string
		if err := rows.Scan(&d.id, &d.status, &d.phase, &d.code, &d.platform, &d.account, &d.remoteID, &raw, &d.health, &d.post, &d.connection, &d.part); err != nil {
			return nil, err
		}
		var content club.Content
		if err := json.Unmarshal([]byte(raw), &content); err != nil {
			return nil, err
		}
		d.text = saidBy(content, d)
		out = append(out, d)
	}
	return out, rows.Err()
}
